/* A C node: calls a node, or waits to be called, with erl_interface as OTP ships it.
 *
 *   cnode call HOST ADDRESS COOKIE NODE           dials NODE, says how it went, and keeps the link
 *   cnode wait HOST ADDRESS COOKIE PORT           registers in EPMD, takes whoever calls, and says how it went
 *
 * HOST and ADDRESS are this node's; its name is c1@HOST.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ei.h"

static void say(const char *what, int link)
{
    printf("%s %s\n", what, link < 0 ? "in vain" : "well");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    ei_cnode node;
    ErlConnect other;
    struct in_addr address;
    char name[256];
    int listener, port;

    if (argc != 6)
        return 2;
    ei_init();
    snprintf(name, sizeof name, "c1@%s", argv[2]);
    inet_pton(AF_INET, argv[3], &address);
    if (ei_connect_xinit(&node, argv[2], "c1", name, &address, argv[4], 0) < 0)
        return 2;
    if (strcmp(argv[1], "call") == 0) {
        say("called", ei_connect(&node, argv[5]));
    } else {
        port = atoi(argv[5]);
        listener = ei_listen(&node, &port, 5);
        if (listener < 0 || ei_publish(&node, port) < 0)
            return 2;
        say("waiting", 0);
        for (;;)
            say("accepted", ei_accept(&node, listener, &other));
    }
    for (;;)
        pause();
}
