// SPDX-License-Identifier: Apache-2.0
/*
 * The command that connects by ssh, for programs that run one (git, hg). It connects to the address
 * that was checked, by HostName.
 *
 * ssh uses the keys of the server's user (~/.ssh of its passwd entry; HOME has no effect). Host
 * keys must be known: StrictHostKeyChecking=yes with /etc/ssh/ssh_known_hosts and
 * ~/.ssh/known_hosts. Trust on first use would mean trust every time where that file cannot be
 * written, as is usual for a web server's user.
 */
#include "remote/address.h"

#include <apr_strings.h>

#define SSH_COMMAND                                                                                \
    "ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes -o ProxyCommand=none"          \
    " -o ProxyJump=none -o ClearAllForwardings=yes -o ForwardAgent=no -o ForwardX11=no"            \
    " -o PermitLocalCommand=no -o IdentityAgent=none -o ControlPath=none -o UpdateHostKeys=no"     \
    " -o CanonicalizeHostname=no -o CheckHostIP=no -o ConnectTimeout=30"                           \
    " -o ServerAliveInterval=20 -o ServerAliveCountMax=3"

const char *rc_remote_ssh(const rc_remote_url_t *url, apr_pool_t *pool)
{
    const char *alias = url->host;

    if (url->port) /* as known_hosts writes it */
        alias = apr_psprintf(pool, "[%s]:%d", url->host, url->port);
    return apr_psprintf(pool, SSH_COMMAND " -o HostName=%s -o 'HostKeyAlias=%s'",
                        APR_ARRAY_IDX(url->addresses, 0, const char *), alias);
}
