/* A mail server that takes everything, on loopback only, and costs as little as possible.
 *
 *     gcc -O2 -o sink sink.c -lssl -lcrypto
 *     ./sink [-p PORT] [-l LATENCY_MS] [-t CERTIFICATE_PREFIX] [-n] [-o LOG]
 *
 * -p  port; without it the system chooses. The first line on stdout is "port N".
 * -l  every reply leaves so many milliseconds after the bytes that caused it were read, as over a network whose round trip
 *     takes as long. Replies to pipelined commands overlap, as they would there.
 * -t  speak TLS from the first byte with PREFIX.crt and PREFIX.key.
 * -n  offer neither PIPELINING nor CHUNKING.
 * -o  append a line for every accepted message to this file before the message is acknowledged, its Message-ID and the
 *     seconds since 1970: what the file does not hold was not accepted, and what it holds twice was accepted twice.
 *
 * A recipient that contains "refuse" is answered with 550, one with "defer" with 450. SIGTERM ends it; the last line is
 * one JSON object: messages, bytes, connections, refused, seconds of CPU, and the messages of the busiest connections.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { READ_SIZE = 1 << 18, HEAD_SIZE = 8192, MOST_FDS = 65536, MOST_SHOWN = 64 };
enum state { COMMANDS, DATA, CHUNK };

struct connection {
    int fd;
    uint32_t serial;        /* tells a connection from a later one on the same descriptor */
    enum state state;
    int recipients;
    long chunk_left;
    int chunk_is_last;
    long body_bytes;
    long messages;
    char head[HEAD_SIZE];   /* the beginning of the message, where its Message-ID is */
    int head_length;
    char out[8192];
    int out_length;
    SSL *tls;
    int is_greeted;
    char *in;
    int in_length;
};

struct late_reply {         /* all replies are equally late, so that one queue holds them in order */
    double due;
    int fd;
    uint32_t serial;
    char text[120];
};

static struct connection *connections[MOST_FDS];
static struct late_reply *queue;
static size_t queue_first, queue_next, queue_size;
static double latency;
static int is_plain_server, poller, timer;
static SSL_CTX *tls_context;
static FILE *message_log;
static uint32_t next_serial;
static long total_messages, total_bytes, total_connections, total_refused;
static long closed_counts[MOST_SHOWN];

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec * 1e-9;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

/* ---- writing */

static int write_some(struct connection *c, const char *bytes, int length) {
    if (!c->tls) return write(c->fd, bytes, length);
    int done = SSL_write(c->tls, bytes, length);
    if (done <= 0) errno = SSL_get_error(c->tls, done) == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
    return done;
}

static void flush(struct connection *c) {
    int sent = 0;
    while (sent < c->out_length) {
        int done = write_some(c, c->out + sent, c->out_length - sent);
        if (done > 0) {
            sent += done;
        } else if (errno == EAGAIN) {
            struct pollfd writable = {.fd = c->fd, .events = POLLOUT};
            poll(&writable, 1, 1000);
        } else {
            break;  /* the client is gone, which the next read will tell */
        }
    }
    c->out_length = 0;
}

static void put(struct connection *c, const char *text) {
    int length = strlen(text);
    if (c->out_length + length > (int)sizeof c->out) flush(c);
    memcpy(c->out + c->out_length, text, length);
    c->out_length += length;
}

static void set_timer(double due) {
    double wait = due - now();
    if (wait < 1e-6) wait = 1e-6;
    struct itimerspec at = {.it_value = {(time_t)wait, (long)((wait - (time_t)wait) * 1e9)}};
    timerfd_settime(timer, 0, &at, NULL);
}

static void put_late(struct connection *c, const char *text) {
    if (queue_next - queue_first == queue_size) {
        size_t size = queue_size ? queue_size * 2 : 1024, count = queue_next - queue_first;
        struct late_reply *grown = malloc(size * sizeof *grown);
        if (!grown) die("malloc");
        for (size_t i = 0; i < count; i++) grown[i] = queue[(queue_first + i) % queue_size];
        free(queue);
        queue = grown, queue_size = size, queue_first = 0, queue_next = count;
    }
    struct late_reply *reply = &queue[queue_next++ % queue_size];
    *reply = (struct late_reply){.due = now() + latency, .fd = c->fd, .serial = c->serial};
    snprintf(reply->text, sizeof reply->text, "%s", text);
    if (queue_next - queue_first == 1) set_timer(reply->due);
}

static void say(struct connection *c, const char *text) {
    if (latency > 0) put_late(c, text);
    else put(c, text);
}

static void send_due(void) {
    double at = now();
    while (queue_first < queue_next && queue[queue_first % queue_size].due <= at) {
        struct late_reply *reply = &queue[queue_first++ % queue_size];
        struct connection *c = connections[reply->fd];
        if (!c || c->serial != reply->serial) continue;
        put(c, reply->text);
        struct late_reply *next = &queue[queue_first % queue_size];
        int is_followed = queue_first < queue_next && next->fd == reply->fd && next->due <= at;
        if (!is_followed) flush(c);
    }
    if (queue_first < queue_next) set_timer(queue[queue_first % queue_size].due);
}

/* ---- messages */

static void remember_head(struct connection *c, const char *bytes, long length) {
    long room = HEAD_SIZE - c->head_length;
    if (length > room) length = room;
    memcpy(c->head + c->head_length, bytes, length);
    c->head_length += length;
}

static double wall_clock(void) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    return at.tv_sec + at.tv_nsec * 1e-9;
}

static void log_message(struct connection *c) {
    static const char name[] = "Message-ID:";
    const char *line = c->head, *end = c->head + c->head_length;
    while (line < end) {
        const char *stop = memchr(line, '\n', end - line);
        if (!stop) break;
        if (stop - line > (int)sizeof name && !strncasecmp(line, name, sizeof name - 1)) {
            line += sizeof name - 1;
            while (*line == ' ') line++;
            fprintf(message_log, "%.*s %.6f\n", (int)(stop - line - (stop[-1] == '\r')), line, wall_clock());
            fflush(message_log);
            return;
        }
        line = stop + 1;
    }
}

static void accept_message(struct connection *c) {
    if (message_log) log_message(c);
    total_messages++, c->messages++;
    total_bytes += c->body_bytes;
    say(c, "250 2.0.0 Ok: queued as 4XyZ12abcD\r\n");
}

static void end_message(struct connection *c) {
    c->state = COMMANDS;
    if (c->recipients) accept_message(c);
    else say(c, "554 5.5.1 no valid recipients\r\n");
    c->recipients = 0;
}

static void begin_message(struct connection *c, enum state state) {
    c->state = state;
    if (state == DATA || c->body_bytes == 0) c->head_length = 0;
    if (state == DATA) c->body_bytes = 0;
}

static void take_body(struct connection *c, const char *bytes, long length) {
    if (message_log && c->head_length < HEAD_SIZE) remember_head(c, bytes, length);
    c->body_bytes += length;
}

/* ---- commands */

static void hear_mail(struct connection *c) {
    c->recipients = 0, c->body_bytes = 0;
    say(c, "250 2.1.0 Ok\r\n");
}

static void hear_rcpt(struct connection *c, const char *line, int length) {
    if (memmem(line, length, "refuse", 6)) {
        total_refused++;
        say(c, "550 5.1.1 no such user\r\n");
    } else if (memmem(line, length, "defer", 5)) {
        total_refused++;
        say(c, "450 4.2.0 come back later\r\n");
    } else {
        c->recipients++;
        say(c, "250 2.1.5 Ok\r\n");
    }
}

static void hear_data(struct connection *c) {
    if (!c->recipients) {
        say(c, "554 5.5.1 no valid recipients\r\n");
        return;
    }
    begin_message(c, DATA);
    say(c, "354 End data with <CR><LF>.<CR><LF>\r\n");
}

static void hear_bdat(struct connection *c, const char *line, int length) {
    c->chunk_left = strtol(line + 5, NULL, 10);
    c->chunk_is_last = memmem(line, length, "LAST", 4) != NULL;
    begin_message(c, CHUNK);
}

static void hear_rset(struct connection *c) {
    c->recipients = 0, c->body_bytes = 0;
    say(c, "250 2.0.0 Ok\r\n");
}

static void hear_ehlo(struct connection *c) {
    say(c, is_plain_server ? "250-sink\r\n250-SIZE 102400000\r\n250 8BITMIME\r\n"
                           : "250-sink\r\n250-PIPELINING\r\n250-SIZE 102400000\r\n250-8BITMIME\r\n250 CHUNKING\r\n");
}

/* Returns whether the connection stays. */
static int hear(struct connection *c, const char *line, int length) {
    if (length >= 4 && !strncasecmp(line, "MAIL", 4)) hear_mail(c);
    else if (length >= 4 && !strncasecmp(line, "RCPT", 4)) hear_rcpt(c, line, length);
    else if (length >= 4 && !strncasecmp(line, "DATA", 4)) hear_data(c);
    else if (length >= 6 && !strncasecmp(line, "BDAT ", 5)) hear_bdat(c, line, length);
    else if (length >= 4 && !strncasecmp(line, "RSET", 4)) hear_rset(c);
    else if (length >= 4 && !strncasecmp(line, "EHLO", 4)) hear_ehlo(c);
    else if (length >= 4 && !strncasecmp(line, "HELO", 4)) say(c, "250 sink\r\n");
    else if (length >= 4 && !strncasecmp(line, "QUIT", 4)) {
        put(c, "221 2.0.0 Bye\r\n");
        flush(c);
        return 0;
    } else say(c, "500 5.5.1 unknown\r\n");
    return 1;
}

/* ---- reading: each of these takes what it can from the buffer and returns how much that was */

static int read_data(struct connection *c, const char *bytes, int length) {
    if (c->body_bytes == 0 && length >= 3 && !memcmp(bytes, ".\r\n", 3)) {
        end_message(c);
        return 3;
    }
    const char *end = memmem(bytes, length, "\r\n.\r\n", 5);
    int taken = end ? end - bytes + 5 : length > 4 ? length - 4 : 0;  /* the end may be cut anywhere */
    take_body(c, bytes, taken);
    if (end) end_message(c);
    return taken;
}

static int read_chunk(struct connection *c, const char *bytes, int length) {
    int taken = length < c->chunk_left ? length : (int)c->chunk_left;
    take_body(c, bytes, taken);
    c->chunk_left -= taken;
    if (c->chunk_left > 0) return taken;
    if (c->chunk_is_last) {
        end_message(c);
    } else {
        c->state = COMMANDS;
        say(c, "250 2.0.0 chunk taken\r\n");
    }
    return taken;
}

/* Returns whether the connection stays. */
static int read_all(struct connection *c) {
    int at = 0;
    while (at < c->in_length || (c->state == CHUNK && c->chunk_left == 0)) {
        int taken = 0, left = c->in_length - at;
        char *from = c->in + at;
        if (c->state == DATA) {
            taken = read_data(c, from, left);
        } else if (c->state == CHUNK) {
            taken = read_chunk(c, from, left);
        } else {
            char *end = memchr(from, '\n', left);
            if (end) {
                taken = end - from + 1;
                *end = 0;
                if (!hear(c, from, taken)) return 0;
            }
        }
        if (!taken && c->state != CHUNK) break;
        at += taken;
    }
    memmove(c->in, c->in + at, c->in_length - at);
    c->in_length -= at;
    if (c->out_length) flush(c);
    return c->in_length < READ_SIZE;
}

/* ---- connections */

static void note_count(long messages) {
    int least = 0;
    for (int i = 1; i < MOST_SHOWN; i++)
        if (closed_counts[i] < closed_counts[least]) least = i;
    if (messages > closed_counts[least]) closed_counts[least] = messages;
}

static void close_connection(struct connection *c) {
    note_count(c->messages);
    connections[c->fd] = NULL;
    if (c->tls) SSL_free(c->tls);
    close(c->fd);
    free(c->in);
    free(c);
}

static void greet(struct connection *c) {
    c->is_greeted = 1;
    say(c, "220 sink ESMTP\r\n");
    flush(c);
}

static void open_connections(int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *c = calloc(1, sizeof *c);
        if (fd >= MOST_FDS || !c || !(c->in = malloc(READ_SIZE))) die("too many connections");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        c->fd = fd, c->serial = ++next_serial;
        connections[fd] = c;
        total_connections++;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
        if (!tls_context) {
            greet(c);
            continue;
        }
        c->tls = SSL_new(tls_context);
        SSL_set_fd(c->tls, fd);
        SSL_set_accept_state(c->tls);
    }
}

/* Returns whether the connection stays. */
static int serve_plain(struct connection *c) {
    int count = read(c->fd, c->in + c->in_length, READ_SIZE - c->in_length);
    if (count < 0 && errno == EAGAIN) return 1;
    if (count <= 0) return 0;
    c->in_length += count;
    return read_all(c);
}

/* Returns whether the connection stays. */
static int serve_tls(struct connection *c) {
    if (!c->is_greeted) {
        int done = SSL_accept(c->tls);
        if (done != 1) {
            int error = SSL_get_error(c->tls, done);
            return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
        }
        greet(c);
    }
    for (;;) {
        int count = SSL_read(c->tls, c->in + c->in_length, READ_SIZE - c->in_length);
        if (count <= 0) return SSL_get_error(c->tls, count) == SSL_ERROR_WANT_READ;
        c->in_length += count;
        if (!read_all(c)) return 0;
    }
}

static void print_totals(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
    for (int fd = 0; fd < MOST_FDS; fd++)
        if (connections[fd]) note_count(connections[fd]->messages);
    printf("{\"messages\": %ld, \"bytes\": %ld, \"connections\": %ld, \"refused\": %ld, \"cpu_seconds\": %.3f, "
           "\"by_connection\": [", total_messages, total_bytes, total_connections, total_refused, cpu);
    for (int i = 0, shown = 0; i < MOST_SHOWN; i++)
        if (closed_counts[i]) printf("%s%ld", shown++ ? ", " : "", closed_counts[i]);
    printf("]}\n");
    fflush(stdout);
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (void *)&address, sizeof address) || listen(fd, 1024)) die("listen");
    getsockname(fd, (void *)&address, &length);
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void use_certificate(const char *prefix) {
    char certificate[4096], key[4096];
    snprintf(certificate, sizeof certificate, "%s.crt", prefix);
    snprintf(key, sizeof key, "%s.key", prefix);
    tls_context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(tls_context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls_context, key, SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "%s and %s are not a certificate and its key\n", certificate, key);
        exit(1);
    }
}

static int read_options(int count, char **arguments) {
    int port = 0, option;
    while ((option = getopt(count, arguments, "p:l:t:no:")) != -1) {
        if (option == 'p') port = atoi(optarg);
        else if (option == 'l') latency = atof(optarg) / 1e3;
        else if (option == 't') use_certificate(optarg);
        else if (option == 'n') is_plain_server = 1;
        else if (option == 'o' && !(message_log = fopen(optarg, "a"))) die(optarg);
        else if (option == '?') exit(2);
    }
    return port;
}

static int watch(int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event)) die("epoll");
    return fd;
}

static int watch_signals(void) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    return watch(signalfd(-1, &ends, 0));
}

int main(int count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    int port = read_options(count, arguments);
    poller = epoll_create1(0);
    int signals = watch_signals();
    timer = watch(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    int listener = watch(listen_on(port));
    struct epoll_event events[256];
    for (;;) {
        int happened = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < happened; i++) {
            int fd = events[i].data.fd;
            uint64_t times;
            if (fd == signals) {
                print_totals();
                return 0;
            } else if (fd == listener) {
                open_connections(listener);
            } else if (fd == timer) {
                if (read(timer, &times, sizeof times) > 0) send_due();
            } else if (connections[fd]) {
                struct connection *c = connections[fd];
                if (!(c->tls ? serve_tls(c) : serve_plain(c))) close_connection(c);
            }
        }
    }
}
