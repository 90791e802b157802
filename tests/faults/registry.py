"""All faults, in the order of docs/sending.md."""

from tests.faults import clocks, deaths, disks, figures, imports, people, races, relay, servers, soak
from tests.faults.finding import Fault

FAULTS = {
    fault.key: fault
    for fault in (
        Fault("R1", "workers killed (SIGKILL), policy “hold”", deaths.killed_while_held),
        Fault("R2", "workers killed, policy “resend”", deaths.killed_and_sent_again),
        Fault("R3", "beat killed", servers.beat_killed),
        Fault("R4", "Redis killed and emptied", servers.redis_killed),
        Fault("R5", "PostgreSQL stopped at once", servers.postgres_killed),
        Fault("R5b", "workers cut off from PostgreSQL", servers.sessions_cut),
        Fault("R6", "refusals, greylisting, servers that are full", relay.refused_and_put_off),
        Fault("R7", "the server hangs up, at every moment", relay.hung_up_on),
        Fault("R8", "the answer to the final dot comes late", relay.slow_to_answer),
        Fault("R9", "clocks that jump", clocks.jumping),
        Fault("R10", "disks that run full", disks.full),
        Fault("R11", "deployments (SIGTERM) during a send", deaths.asked_to_end),
        Fault("R12", "started, planned and sent by many at once", races.started_at_once),
        Fault("R13", "people unsubscribe meanwhile", people.unsubscribed_meanwhile),
        Fault("R14", "paused and resumed meanwhile", people.paused_meanwhile),
        Fault("R15", "reactions told again and again, in disorder", figures.repeated),
        Fault("R16", "every figure counted again", figures.recounted),
        Fault("R17", "workers killed during an import", imports.killed_while_importing),
        Fault("R18", "a very long send", soak.long_send),
    )
}
