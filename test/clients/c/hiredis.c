/* hiredis: hiredis PORT CUT_PORT */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static redisContext *shop;
static long long at;

/* The value that stands behind `name` in a flat array, or NULL. */
static redisReply *field(redisReply *reply, const char *name) {
    for (size_t i = 0; reply && reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements; i++)
        if (reply->element[i]->type == REDIS_REPLY_STRING && !strcmp(reply->element[i]->str, name))
            return reply->element[i + 1];
    return NULL;
}

static int is_text(redisReply *value, const char *text) {
    return value && value->type == REDIS_REPLY_STRING && !strcmp(value->str, text);
}

static int is_error(redisReply *value, const char *code) {
    return value && value->type == REDIS_REPLY_ERROR && !strncmp(value->str, code, strlen(code));
}

static long long number(redisReply *value) {
    return value && value->type == REDIS_REPLY_INTEGER ? value->integer : -1;
}

static void step(const char *name, int ok, redisReply *reply, const char *remark) {
    if (ok)
        printf("ok %s %s\n", name, remark);
    else
        printf("failed %s %s\n", name,
               reply && reply->str ? reply->str : shop && shop->err ? shop->errstr : "another reply");
    if (reply) freeReplyObject(reply);
}

static redisContext *connect_to(int port) {
    redisContext *context = redisConnect("127.0.0.1", port);
    if (!context || context->err) return context;
    redisReply *reply = redisCommand(context, "AUTH %s %s", "alice", "wonderland");
    if (reply) freeReplyObject(reply);
    return context;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    int port = atoi(argv[1]), cut_port = atoi(argv[2]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("version %d.%d.%d\n", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);

    shop = connect_to(port);
    redisReply *r = redisCommand(shop, "WHOAMI");
    step("connect", is_text(field(r, "user"), "alice"), r, "");
    r = redisCommand(shop, "INVENTORY 1001");
    step("inventory", r && r->elements == 1 && is_text(field(r->element[0], "name"), "K\xc3\xa4se"), r, "");

    r = redisCommand(shop, "PURCHASE 1001 2 ORDER buy-1");
    at = number(field(r, "at"));
    step("purchase", is_text(field(r, "order"), "buy-1") && number(field(r, "replayed")) == 0, r, "");
    r = redisCommand(shop, "PURCHASE 1001 2 ORDER buy-1");
    step("replay", number(field(r, "replayed")) == 1 && number(field(r, "at")) == at, r, "");
    r = redisCommand(shop, "PURCHASE 1002 9 ORDER refused-1");
    step("refusal", is_error(r, "NOSTOCK "), r, "REDIS_REPLY_ERROR");

    int right = 0;
    char order[32];
    for (int i = 0; i < 1000; i++) redisAppendCommand(shop, "PURCHASE 1001 1 ORDER pipe-%d", i);
    for (int i = 0; i < 1000 && redisGetReply(shop, (void **)&r) == REDIS_OK; i++) {
        snprintf(order, sizeof order, "pipe-%d", i);
        right += is_text(field(r, "order"), order);
        freeReplyObject(r);
    }
    step("pipeline", right == 1000, NULL, "");

    const char *begin[] = {"MULTI", "PURCHASE 1001 1 ORDER tx-1", "PURCHASE 1001 1 ORDER tx-2"};
    for (int i = 0; i < 3; i++) freeReplyObject(redisCommand(shop, begin[i]));
    r = redisCommand(shop, "EXEC");
    step("transaction", r && r->elements == 2 && is_text(field(r->element[1], "order"), "tx-2"), r, "");
    const char *wrong[] = {"MULTI", "PURCHASE 1001 1 ORDER abort-1", "PURCHASE 1001 none"};
    for (int i = 0; i < 3; i++) freeReplyObject(redisCommand(shop, wrong[i]));
    r = redisCommand(shop, "EXEC");
    step("abort", is_error(r, "EXECABORT "), r, "REDIS_REPLY_ERROR");

    char line[16];
    puts("restart");
    if (!fgets(line, sizeof line, stdin)) return 1;
    /* hiredis leaves connecting again to its user. */
    r = redisCommand(shop, "ORDER buy-1");
    int lost = r == NULL;
    if (lost) {
        redisFree(shop);
        shop = connect_to(port);
        r = redisCommand(shop, "ORDER buy-1");
    }
    step("restart", number(field(r, "at")) == at, r, lost ? "1 errors" : "no error");

    redisContext *other = connect_to(cut_port);
    r = redisCommand(other, "PURCHASE 1001 1 ORDER cut-1");
    lost = r == NULL;
    redisFree(other);
    other = connect_to(cut_port);
    if (lost) r = redisCommand(other, "PURCHASE 1001 1 ORDER cut-1");
    step("cut", number(field(r, "replayed")) == 1, r, lost ? "tells" : "sends again");
    redisFree(other);
    redisFree(shop);
    puts("ok close");
    return 0;
}
