"""The log of approvals only grows, whoever writes to the database."""

APPEND_ONLY = """
CREATE FUNCTION sprints_approval_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the approval log only grows: % is refused', TG_OP;
END
$$;
CREATE TRIGGER approval_log_is_append_only BEFORE UPDATE OR DELETE ON sprints_approvallogentry
    FOR EACH ROW EXECUTE FUNCTION sprints_approval_log_is_append_only();
"""
REWRITABLE = """
DROP TRIGGER approval_log_is_append_only ON sprints_approvallogentry;
DROP FUNCTION sprints_approval_log_is_append_only();
"""
