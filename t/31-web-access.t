#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Who may see a view (contract 03 §3; 05 OPEN-9, OPEN-10): whitelist, keys, roles, expiry,
# addresses, anonymous visitors, rights; that a closed repository looks like none; hostile URLs.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Test;

my $t = RCAPI::Test->new(
    mounts => ['/', '/closed', '/globs', '/pinned', '/feeds-only'],
    whitelist => '',
    modules => [qw(authn_file authz_user)],
    directives => <<'END',
<Location "/">
    RcapiAccessControllersWhitelist ChangesetController:changeset_raw
</Location>
<Location "/closed">
    RcapiAccessControllersWhitelist None
</Location>
<Location "/globs">
    RcapiAccessControllersWhitelist FilesController:*, *:changeset_[!p]a?
</Location>
<Location "/feeds-only">
    RcapiAccessControllersWhitelist ChangesetController:changeset_patch FilesController:raw changesetcontroller:*
</Location>
<Location "/globs/nested">
    RcapiKeyInQuery Off
</Location>
<Location "/pinned">
    RcapiKeyInQuery Off
</Location>
END
);
$t->user($_) for qw(owner reader writer outsider asleep abroad);
$t->user('root2', admin => JSON::PP::true());
my $open = $t->repo('open', commits => 2, args => { owner => 'owner' });
my $secret = $t->repo('team/secret', commits => 2, args => { owner => 'owner', private => JSON::PP::true() });
$t->must(grant_user_permission => { repoid => 'team/secret', userid => 'reader', perm => 'repository.read' })
    if grep { $_ eq 'grant_user_permission' } @{ $t->must(get_method => { pattern => 'grant_user*' }) };
$t->must(update_user => { userid => 'asleep', active => JSON::PP::false() });
my $EXPIRED = expired_token('owner');
my %token = map { $_ => $t->token('owner', '--role', $_) } qw(all http api feed vcs);

sub expired_token {
    my ($user) = @_;
    my $token = $t->token($user, '--role', 'all', '--lifetime', 1);
    return $token;
}

# "status body" of a GET.
sub answer {
    my ($path, %opt) = @_;
    my $a = $t->get($path, %opt);
    return $a->status . ($a->status == 200 ? '' : ' ' . $a->body);
}

sub anonymous { $t->admin('anonymous', $_[0]) }

my $SECRET = '/team/secret/changeset-diff/tip';
my $OPEN = '/open/changeset-diff/tip';
my $NONE = '/team/nothing/changeset-diff/tip';
my ($NO_ID, $NOT_FOUND) = ('401 Unauthorized', '404 Not Found');

# [mount and repository, who, anonymous off, anonymous on]
my @TABLE = (
    # no key
    [$OPEN, undef, $NO_ID, '200'], [$SECRET, undef, $NO_ID, $NO_ID], [$NONE, undef, $NO_ID, $NO_ID],
    # keys that are none
    map({ my $key = $_;
        ([$OPEN, $key, $NO_ID, '200'], [$SECRET, $key, $NO_ID, $NO_ID], [$NONE, $key, $NO_ID, $NO_ID]) }
        'nonsense', '0' x 40, 'asleep', 'token_vcs', 'token_feed', '***', "%00", '%27--'),
    # good key, whitelisted
    [$OPEN, 'outsider', '200', '200'], [$SECRET, 'outsider', $NOT_FOUND, $NOT_FOUND],
    [$NONE, 'outsider', $NOT_FOUND, $NOT_FOUND],
    [$SECRET, 'owner', '200', '200'], [$SECRET, 'root2', '200', '200'], [$SECRET, 'admin', '200', '200'],
    [$NONE, 'owner', $NOT_FOUND, $NOT_FOUND], [$NONE, 'root2', $NOT_FOUND, $NOT_FOUND],
    map({ ["$SECRET", "token_$_", '200', '200'] } qw(all http api)),
    # good key, view not whitelisted
    map({ my $mount = $_; map { ["$mount$_->[0]", $_->[1], $NO_ID, $NO_ID] } [$OPEN, 'owner'], [$SECRET, 'owner'],
        [$NONE, 'owner'],
        [$OPEN, 'outsider'], [$SECRET, 'outsider'] } '/closed', '/feeds-only'),
    ["/closed$OPEN", undef, $NO_ID, '200'], ["/closed$OPEN", 'nonsense', $NO_ID, '200'],
    ["/closed$SECRET", undef, $NO_ID, $NO_ID],
    # whitelisted by globs
    ["/globs$SECRET", 'owner', '200', '200'], ["/globs$SECRET", 'outsider', $NOT_FOUND, $NOT_FOUND],
    # keys in the query are not looked at
    ["/pinned$OPEN", 'owner', $NO_ID, '200'], ["/pinned$SECRET", 'owner', $NO_ID, $NO_ID],
);

sub key_of {
    my ($who) = @_;
    return $who =~ /^token_(.*)/ ? $token{$1} : $t->{keys}{$who} // $who;
}

for my $public (0, 1) {
    anonymous($public ? 'on' : 'off');
    subtest 'anonymous ' . ($public ? 'on' : 'off') => sub {
        for my $row (@TABLE) {
            my ($path, $who) = @$row;
            my $key = defined $who ? key_of($who) : undef;
            is(answer($path, key => $key), $row->[2 + $public], ($who // 'nobody') . " asks for $path");
            my $head = $t->get($path, key => $key, method => 'HEAD');
            is($head->status, substr($row->[2 + $public], 0, 3), '... by HEAD');
            is($head->body, '', '... without a body');
        }
    };
}

subtest 'a closed repository looks like none' => sub {
    for my $public (0, 1) {
        anonymous($public ? 'on' : 'off');
        for my $who (undef, 'outsider', 'nonsense', 'token_vcs') {
            my $key = defined $who ? key_of($who) : undef;
            for my $method (qw(GET HEAD)) {
                for my $headers ([], [Range => 'bytes=0-1'], ['If-None-Match' => '*'], ['If-Match' => '"x"'],
                    ['If-Modified-Since' => 'Fri, 01 Jan 2038 00:00:00 GMT'], ['Accept-Encoding' => 'gzip']) {
                    my ($closed, $none) = map {
                        comparable($t->get($_, key => $key, method => $method, headers => $headers)) }
                        $SECRET, $NONE;
                    is($closed, $none, join ' ', $who // 'nobody', $method, @$headers, $public);
                }
            }
            my ($id) = map { $_->{repo_id} } grep { $_->{repo_name} eq 'team/secret' } @{ $t->must('get_repos') };
            is(comparable($t->get("/_$id/changeset-diff/tip", key => $key)),
                comparable($t->get('/_99999/changeset-diff/tip', key => $key)), 'by id');
            is(comparable($t->get("/team/secret/changeset-diff/nope", key => $key)),
                comparable($t->get("$NONE", key => $key)), 'and whatever the revision');
        }
    }
};

# An answer without what may differ: the date.
sub comparable { return $_[0]{raw} =~ s/^Date:.*\n//mr }

subtest 'headers of refusals' => sub {
    anonymous('off');
    my $a = $t->get($OPEN);
    is($a->header('WWW-Authenticate'), 'Bearer realm="rcapi"', '401 says how');
    is($a->header('Content-Type'), 'text/plain; charset=utf-8', 'text/plain');
    is($a->header('X-Content-Type-Options'), 'nosniff', 'nosniff');
    is($a->header('Cache-Control'), 'private, no-cache', 'not kept');
    is($a->header('Location'), undef, 'no Location');
    is($a->header('ETag'), undef, 'no ETag');
    is($t->get($SECRET, as => 'outsider')->header('WWW-Authenticate'), undef, '404 does not');
};

subtest 'ways to send a key' => sub {
    anonymous('off');
    my $key = $t->key('owner');
    for my $case (
        ["?api_key=$key"], ["?auth_token=$key"], ["?auth_token=$key&api_key=x"], ["?api_key=$key&auth_token="],
        ["?api_key=&api_key=$key"], ["?%61pi_key=$key"], ["?a=b;api_key=$key"],
        ['', 'X-Api-Key' => $key], ['', Authorization => "Bearer $key"], ['', Authorization => "bearer  $key"],
        ['?api_key=', 'X-Api-Key' => $key], ["?api_key=$key", 'X-Api-Key' => 'nonsense'],
    ) {
        my ($query, @headers) = @$case;
        is($t->get("$SECRET$query", headers => \@headers)->status, 200, $query =~ s/$key/KEY/r
            . " @headers[0 .. $#headers - 1]");
    }
    chomp($key = $t->admin('token', 'create', 'owner')); # not watched: nobody hides a key in the wrong place
    for my $case (
        ['?api_key=x', 'X-Api-Key' => $key], ["?auth_token=x&api_key=$key"], ["?API_KEY=$key"], ["?key=$key"],
        ["&api_key=$key"],
        ['', Authorization => "Basic $key"], ['', Authorization => $key], ['', Cookie => "api_key=$key"],
        ["?api_key=$key%00"],
        ["?api_key=$key%20"], ['?api_key=' . substr($key, 0, 39)], ['?api_key=' . uc $key],
    ) {
        my ($query, @headers) = @$case;
        isnt($t->get("$SECRET$query", headers => \@headers)->status, 200, 'not by ' . $query =~ s/$key/KEY/ir
            . ($headers[0] // ''));
    }
    $key = $t->key('owner');
    is(answer("/pinned$SECRET", headers => ['X-Api-Key' => $key]), '200', 'by header where keys in the query are off');
    is($t->get("/globs/nested/x/changeset-diff/tip", headers => ['X-Api-Key' => $key])->status, 404,
        'a nested place inherits its mount');
};

subtest 'rights' => sub {
    my $has = grep { $_ eq 'grant_user_permission' } @{ $t->must(get_method => { pattern => '*' }) };
    plan skip_all => 'no grant_user_permission yet' if !$has;
    is(answer($SECRET, as => 'reader'), '200', 'read');
    $t->must(grant_user_permission => { repoid => 'team/secret', userid => 'reader', perm => 'repository.none' });
    is(answer($SECRET, as => 'reader'), $NOT_FOUND, 'none');
    for my $perm (qw(write admin)) {
        $t->must(grant_user_permission => { repoid => 'team/secret', userid => 'writer', perm => "repository.$perm" });
        is(answer($SECRET, as => 'writer'), '200', $perm);
    }
};

subtest 'expiry' => sub {
    anonymous('off');
    is(answer($SECRET, key => $EXPIRED), '200', 'a token with time left');
    $t->sql('UPDATE api_key SET expires = 1 WHERE expires > 0');
    is(answer($SECRET, key => $EXPIRED), $NO_ID, 'and without');
    anonymous('on');
    is(answer($OPEN, key => $EXPIRED), '200', 'then he is a visitor like others');
    anonymous('off');
};

subtest 'addresses' => sub {
    my $r = $t->try_admin('ip', 'add', 'owner', '10.0.0.0/8');
    plan skip_all => 'rcapi-admin knows no ip yet' if $r->{exit};
    my $refused = '403 IP 127.0.0.1 not allowed';
    is(answer($_, as => 'owner'), $refused, "refused: $_") for $OPEN, $SECRET, $NONE, "/closed$OPEN", "/closed$NONE";
    is($t->get($OPEN, as => 'owner', headers => ['X-Forwarded-For' => '10.1.2.3', 'X-Real-IP' => '10.1.2.3'])->status,
        403, 'headers do not help');
    is(answer($SECRET, as => 'admin'), '200', 'others may');
    $t->admin('ip', 'add', 'owner', '127.0.0.1');
    is(answer($SECRET, as => 'owner'), '200', 'one entry is enough');
    $t->admin('ip', 'add', 'default', '10.0.0.0/8');
    anonymous('on');
    is(answer($OPEN), $refused, 'visitors are bound by the default user');
    is(answer($NONE), $refused, 'whatever they ask for');
    is(answer($SECRET, as => 'outsider'), $refused, 'and those who inherit his addresses');
    $t->admin('ip', 'remove', 'default', '10.0.0.0/8');
    is(answer($OPEN), '200', 'removed');
};

subtest 'methods' => sub {
    for my $method (qw(POST PUT DELETE OPTIONS PATCH PROPFIND FOO)) {
        my $a = $t->get($SECRET, as => 'owner', method => $method, body => 'x=1');
        is($a->status, 405, "$method is not allowed");
        is($a->header('Allow'), 'GET, HEAD', 'says what is');
    }
    is(answer('/team/secret/nonsense/tip', method => 'POST', body => 'x'), $NOT_FOUND, 'no view, no method');
};

subtest 'hostile URLs' => sub {
    anonymous('on');
    $t->repo('odd/changeset-diff/tip', commits => 1);
    is(answer('/odd/changeset-diff/tip/changeset-diff/tip'), '200', 'a repository named like a view');
    my %page = map { $_ => 1 } '/', '/open', '/open/', '/open/changeset-diff/%2e%2e';
    for my $path (
        '/%2e%2e/%2e%2e/etc/passwd', '/open/changeset-diff/%2e%2e', '/open/../team/secret/changeset-diff/tip',
        '/../../etc/passwd',
        '/team%2Fsecret/changeset-diff/tip', '/team%252Fsecret/changeset-diff/tip', '/open/changeset-diff/tip%00',
        '/open%00/changeset-diff/tip',
        '/open/changeset-diff/tip%0a', '/open%0d%0aX-Evil:1/changeset-diff/tip', '/open/changeset-diff/%ff',
        '/%ff/changeset-diff/tip',
        '/open/changeset-diff/%', '/open/changeset-diff/%zz', '/.rc_tmp/changeset-diff/tip',
        '/open/.git/changeset-diff/tip',
        '/-open/changeset-diff/tip', '/open/changeset-diff/-tip', '/open/changeset-diff/tip/',
        '/open/changeset-diff//tip/x', '/_0/changeset-diff/tip',
        '/_-1/changeset-diff/tip', '/_99999999999999999999999/changeset-diff/tip', '/OPEN/changeset-diff/tip',
        '/open\\..\\x/changeset-diff/tip',
        '/' . 'a/' x 2000 . 'changeset-diff/tip', '/' . 'x' x 7000 . '/changeset-diff/tip',
        '/' . 'changeset-diff/x/' x 400,
        '/open/changeset-diff/' . 'a' x 7000, '/_admin/apis', '/_admin', '/', '/open', '/open/',
        '/open/changeset-diff', '/open/changeset-diff/',
        '/favicon.ico', '/robots.txt', "/open'--/changeset-diff/tip", '/op%c4%b1n/changeset-diff/tip',
        '/open/changeset-diff/tip;x',
    ) {
        my $a = $t->get($path);
        like($a->status, $page{$path} ? qr/^200$/ : qr/^(?:40[014]|414)$/, substr($path, 0, 60) . " ($a->{status})");
        unlike($a->{raw}, qr/root:|X-Evil|rcapi-\w{6}/, '... and nothing of the machine in it');
    }
    is(answer('/x' x 5000)=~ /^414/ ? 1 : 0, 1, 'overlong');
    is(answer('//open//changeset-diff//tip'), '200', 'httpd merges slashes');
    is(answer('/./open/changeset-diff/tip'), '200', 'and dots');
    is(answer('/%6fpen/changeset-diff/%74ip'), '200', 'escapes that need not be');
    is($t->raw_request("GET $OPEN HTTP/1.0\r\n\r\n")->status, 200, 'HTTP/1.0');
    is($t->raw_request("GET http://other$OPEN HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")->status, 200,
        'an absolute URL');
};

subtest 'httpd has its own rules' => sub {
    my $before = $t->{server}{config};
    $t->{server}{config} .= <<"END";
<Location "/open">
    Require ip 10.0.0.0/8
</Location>
<Location "/team">
    AuthType Basic
    AuthName x
    AuthBasicProvider file
    AuthUserFile @{[ $t->dir ]}/htpasswd
    Require valid-user
</Location>
END
    RCAPI::Run::spew($t->dir . '/htpasswd', "joe:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n"); # test
    $t->reload;
    is($t->get($OPEN, as => 'owner')->status, 403, 'Require ip, before ours');
    is($t->get($SECRET, as => 'owner')->status, 401, 'Require valid-user, before ours');
    is($t->last->header('WWW-Authenticate'), 'Basic realm="x"', 'with its own challenge');
    is($t->get($SECRET, as => 'owner', basic => 'joe:test')->status, 200, 'both are content');
    is($t->get($SECRET, as => 'outsider', basic => 'joe:test')->status, 404, 'httpd is, we are not');
    is($t->get($SECRET, as => 'owner', basic => 'joe:wrong')->status, 401, 'we are, httpd is not');
    $t->{server}{config} = $before;
    $t->reload;
    is($t->get($OPEN, as => 'owner')->status, 200, 'and without');
};

subtest 'the log tells why, the answer does not' => sub {
    anonymous('off');
    my @seen;
    for my $case (
        ['/open/changeset-diff/tip', { key => 'nosuchkey' }, qr/401: the key is unknown or expired/],
        ['/open/changeset-diff/tip', { key => $token{vcs} },
            qr/401: a key of user 'owner' with token_role_vcs opens no such view/],
        ['/open/changeset-diff/tip', { as => 'asleep' }, qr/401: user 'asleep' is inactive/],
        ['/open/raw/tip/file', { as => 'owner' }, qr/401: FilesController:raw is not open to keys, by the whitelist/],
        ['/team/secret/changeset-diff/tip', { as => 'outsider' },
            qr/404: user 'outsider' may read no such repository/],
        ['/open/changeset-diff/none', { as => 'owner' }, qr/404: No such commit exists for this repository/],
        ['/_admin/nothing', { as => 'owner' }, qr/404: no such URL/],
        ['/open/changeset-diff/tip', { as => 'owner', method => 'POST' }, qr/405: not a method of a view/],
        ['/open/changeset-diff/tip', {}, qr/401: no key, no login, and no anonymous access/],
    ) {
        my ($path, $who, $why) = @$case;
        my $before = length $t->error_log;
        my $got = $t->get($path, %$who);
        like(substr($t->error_log, $before), qr/RC0051: \Q$path\E refused with $why \(request \S+\)$/m, "$why");
        is($got->header('X-Request-Id'), undef, 'the answer does not');
        push @seen, $got->body;
    }
    is_deeply(\@seen, [('Unauthorized') x 4, 'Not Found', 'No such commit exists for this repository', 'Not Found',
        'Method Not Allowed', 'Unauthorized'], 'answers');
};

$t->done;
done_testing;
