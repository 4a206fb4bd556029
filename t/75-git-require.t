# SPDX-License-Identifier: Apache-2.0
#
# Require rcapi-repo: rights, addresses and locks of repositories for handlers that are not ours,
# with git-http-backend as it is documented, and with plain files.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Run qw(run slurp spew);
use RCAPI::Test;

my ($backend) = grep { -x } map { "$_/git-http-backend" } run({ root => 1 }, 'git', '--exec-path')->{out} =~ /(\S+)/;
plan skip_all => 'no git-http-backend' if !$backend;

my ($recipe) = slurp('docs/configuration.md') =~ /^\*\*Another git server\*\*(?:.+\n)+\n((?:    .*\n)+)/m
    or die "no recipe\n";
my $BASIC = "AuthType Basic\nAuthName \"Our code\"\nAuthBasicProvider";
my $t = RCAPI::Test->new(
    modules => [qw(cgi authn_file authz_user)],
    start => 0,
    directives => <<"END",
LogFormat "%>s %u %{X-Api-Key}i %{Authorization}i %r" all
CustomLog logs/requests all
<Location "/bare">
    Require rcapi-repo auto
</Location>
<Location "/file">
    SetHandler None
    $BASIC file
    AuthUserFile htpasswd
    Require rcapi-repo read
</Location>
<Location "/trust">
    SetHandler None
    $BASIC file
    AuthUserFile htpasswd
    RcapiTrustLogin On
    Require rcapi-repo read
</Location>
<Location "/either">
    SetHandler None
    $BASIC rcapi
    LogLevel authz_core:debug
    <RequireAny>
        Require rcapi-repo write /either
        Require rcapi-repo read /either/
    </RequireAny>
</Location>
<LocationMatch "^/(?:read|write)/">
    SetHandler None
    $BASIC rcapi
</LocationMatch>
<LocationMatch "^/read/">
    Require rcapi-repo read /read
</LocationMatch>
<LocationMatch "^/write/">
    Require rcapi-repo write /write
</LocationMatch>
END
);
my $root = $t->dir . '/data/repos';
$recipe =~ s{/srv/rcapi/repos}{$root}g;
$recipe =~ s{/usr/lib/git-core/git-http-backend}{$backend};
$t->{server}{config} .= $recipe;
$t->start;

my $FALSE = JSON::PP::false();
$t->user($_, password => "password of $_") for qw(owner reader outsider);
$t->secret("password of $_") for qw(owner reader outsider);
my $app = $t->repo('team/app', commits => 2, args => { owner => 'owner', private => JSON::PP::true() });
my $open = $t->repo('open', commits => 2, args => { owner => 'owner' });
$t->must(grant_user_permission => { repoid => 'team/app', userid => 'reader', perm => 'repository.read' });
my $token = $t->token('owner', '--role', 'vcs');
my $http = $t->token('owner', '--role', 'http');
for my $place (qw(file trust either read write)) {
    mkdir $t->dir . "/htdocs/$place";
    for my $repo (qw(open team team/app)) {
        mkdir $t->dir . "/htdocs/$place/$repo";
        spew($t->dir . "/htdocs/$place/$repo/a.txt", "hello\n");
    }
}
spew($t->dir . '/htpasswd', join '', map { "$_:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n" } qw(owner joe));

my $work = $t->dir . '/scratch/clones';
mkdir $work;

# git with a login ('name:password'), and whether it worked.
sub git {
    my ($login, @args) = @_;
    my @login = defined $login ? ('-c', "http.extraHeader=Authorization: Basic " . encode($login)) : ();
    my $r = run({ dir => $work, env => { HOME => $work, GIT_TERMINAL_PROMPT => 0, GIT_CONFIG_NOSYSTEM => 1,
        map { ("GIT_${_}_NAME" => 'A', "GIT_${_}_EMAIL" => 'a@x') } qw(AUTHOR COMMITTER) } }, 'git', @login, @args);
    return $r;
}
sub encode { require MIME::Base64; return MIME::Base64::encode_base64($_[0], '') }
sub works { my $r = git(@_[1 .. $#_]); is($r->{exit}, 0, $_[0]) or diag $r->{err} }
sub fails {
    my ($what, $like, @git) = @_;
    my $r = git(@git);
    isnt($r->{exit}, 0, $what);
    like($r->{err}, $like, '... and says why');
}
sub url { return $t->url . "/git/$_[0]" }
sub status { return $t->get(@_)->status }

my ($OWNER, $READER, $OUTSIDER) = map { "$_:password of $_" } qw(owner reader outsider);
my $service = 'info/refs?service=git-upload-pack';

subtest 'the log has the reason' => sub {
    for (
        ['debug', 'refused with 401: no login or key that counts, and visitors may not'],
        ['info', 'refused with 401: no login or key that counts, and visitors may not',
            headers => ['X-Api-Key' => $http]],
        ['info', 'refused with 404: no such repository for this caller', basic => $OUTSIDER],
    ) {
        my ($level, $why, %how) = @$_;
        my $before = length $t->error_log;
        $t->get("/git/team/app/$service", %how);
        like(substr($t->error_log, $before), qr{rcapi:$level\].* RC0064: /git/team/app/info/refs \Q$why\E$}m, $why);
    }
};

subtest 'git' => sub {
    my ($no_login, $refused) = (qr/terminal prompts|could not read/, qr/Authentication|terminal/);
    fails('a visitor does not clone a private one', $no_login, undef, 'clone', url('team/app'), 'v');
    fails('nor do outsiders', qr/not found/i, $OUTSIDER, 'clone', url('team/app'), 'o');
    works('a reader does', $READER, 'clone', '-q', url('team/app'), 'reader');
    works('so does a token', "owner:$token", 'clone', '-q', url('team/app'), 'owner');
    works('with any name for tokens', "x-token-auth:$token", 'ls-remote', url('team/app'));
    fails('a token of another role does not', $refused, "owner:$http", 'ls-remote', url('team/app'));
    works('visitors clone a public one', undef, 'clone', '-q', url('open'), 'open');
    works('a commit', undef, '-C', 'owner', 'commit', '-q', '--allow-empty', '-m', 'one more');
    works('the owner pushes', $OWNER, '-C', 'owner', 'push', '-q', 'origin', 'HEAD');
    is($t->git($app->{path}, 'log', '-1', '--format=%s', 'HEAD') =~ s/\n//r, 'one more', '... and it is there');
    works('a commit', undef, '-C', 'reader', 'commit', '-q', '--allow-empty', '-m', 'of a reader');
    my @push = qw(push origin HEAD:refs/heads/x);
    fails('a reader does not push', qr/403|You may not push/, $READER, '-C', 'reader', @push);
    fails('nor do visitors', $no_login, undef, '-C', 'open', @push);
};

subtest 'statuses and texts' => sub {
    my $push = 'info/refs?service=git-receive-pack';
    my %want = (
        "team/app/$service" => [401, 404, 200, 200], "team/app/$push" => [401, 404, 403, 200],
        "team/none/$service" => [401, 404, 404, 404], "team/$service" => [401, 404, 404, 404],
        "open/$service" => [200, 200, 200, 200], "open/$push" => [401, 403, 403, 200],
        ".rc_tmp/$service" => [401, 404, 404, 404], "team/app.git/$service" => [401, 404, 404, 404],
    );
    for my $path (sort keys %want) {
        my @logins = (undef, $OUTSIDER, $READER, $OWNER);
        for my $i (0 .. 3) {
            my $a = $t->get("/git/$path", defined $logins[$i] ? (basic => $logins[$i]) : ());
            is($a->status, $want{$path}[$i], ($logins[$i] // 'nobody') . ": $path");
            is($a->header('WWW-Authenticate') // '', $a->status == 401 ? 'Basic realm="Our code"' : '', '... asks');
        }
    }
    my ($hidden, $missing) = map { $t->get("/git/$_/$service", basic => $OUTSIDER) } qw(team/app team/none);
    s/^Date:.*\n//m for $hidden->{raw}, $missing->{raw};
    is($hidden->{raw}, $missing->{raw}, 'hidden ones look like missing ones');
    my $a = $t->get("/git/open/$push", basic => $READER);
    is($a->body, 'You may not push to `open`', 'the text');
    is($a->header('Content-Type'), 'text/plain; charset=utf-8', '... is plain');
    is(status("/git/open/$service", basic => 'owner:wrong'), 401, 'a wrong password is no visitor');
    is(status("/git/open/$service", headers => ['X-Api-Key' => 'x' x 40]), 401, 'nor is a wrong key');
    is(status("/git/team/app/$service", headers => ['X-Api-Key' => $token]), 200, 'a key in a header');
    is(status("/git/team/app/$service", headers => [Authorization => "Bearer $token"]), 200, '... as bearer');
    is(status("/git/team/app/$service", key => $token), 401, 'none in the query');
};

subtest 'what is a push' => sub {
    my @as = (basic => $READER);
    my $url = '/read/team/app/a.txt';
    is(status($url, @as), 200, 'a file');
    for ('?service=git%2Dreceive-pack', '?a&service=git-upload-pack&service=git-receive-pack', '?cmd=unbundle',
        '?cmd=batch&cmds=pushke%79', '?%zz') {
        is(status("/git/team/app/info/refs$_", @as), 403, $_);
    }
    is(status('/git/team/app/HEAD?cmd=batch', @as, headers => ['X-HgArg-1' => 'cmds=pushkey+x']), 403, 'in a header');
    is(status('/git/team/app/HEAD?cmd=batch', @as, headers => ['X-HgArg-2' => 'ey+x', 'X-HgArg-1' => 'cmds=pushk']),
        403, '... in two, in any order');
    is(status('/git/team/app/HEAD', @as, method => $_), 403, $_) for qw(PUT DELETE POST MKACTIVITY);
    is(status('/git/team/app/git-receive-pack', @as, method => $_), 403, "$_ of a push") for qw(GET POST);
    isnt(status('/git/team/app/HEAD', @as, method => 'HEAD'), 403, 'HEAD');
    is(status('/write/team/app/a.txt', @as), 403, 'write');
    is(status('/write/team/app/a.txt', basic => $OWNER), 200, '... for who may');
    is(status('/read/a.txt', basic => $OWNER), 404, 'no repository at all');
    is(status('/either/team/app/a.txt', @as), 200, 'one of two lines');
    is(status('/either/team/app/a.txt', headers => ['X-Api-Key' => $t->key('reader')]), 200, '... with a key');
    is(status('/either/team/app/a.txt', basic => $OUTSIDER), 404, '... or none');
};

subtest 'locks' => sub {
    $t->must(lock => { repoid => 'team/app', userid => 'owner', locked => JSON::PP::true() });
    my $a = $t->get("/git/team/app/$service", basic => $READER);
    is($a->status, 423, 'a pull of a locked repository');
    is($a->body, 'Repository `team/app` locked by user `owner`. Reason:`lock_api`', 'why');
    is(status('/git/team/app/info/refs?service=git-receive-pack', basic => $OWNER), 200, 'its holder pushes');
    $t->must(lock => { repoid => 'team/app', userid => 'owner', locked => $FALSE });
    is(status("/git/team/app/$service", basic => $READER), 200, 'unlocked');
};

subtest 'addresses' => sub {
    $t->admin('ip', 'add', 'reader', '10.0.0.0/8');
    is(status("/git/$_/$service", basic => $READER), 403, $_) for qw(team/app open none);
    is(status("/git/open/$service", headers => ['X-Api-Key' => $t->key('reader')]), 403, 'with a key');
    $t->admin('ip', 'remove', 'reader', '10.0.0.0/8');
};

subtest 'other logins' => sub {
    is(status('/trust/team/app/a.txt', basic => 'owner:test'), 200, 'trusted');
    is(status('/trust/team/app/a.txt', basic => 'joe:test'), 401, 'trusted, but unknown');
    is(status('/file/team/app/a.txt', basic => 'owner:test'), 401, 'not trusted');
    is(status('/file/open/a.txt'), 200, 'nobody');
};

subtest 'directives' => sub {
    is(status('/bare/open/a.txt'), 403, 'without AuthType');
    like($t->error_log, qr/RC0063/, '... says so');
    for (['Require rcapi-repo'], ['Require rcapi-repo some'], ['Require rcapi-repo read /a b']) {
        my ($exit, $said) = $t->httpd_conf_test("<Location /x>\n$_->[0]\n</Location>\n");
        like($said, qr/takes read, write or auto/, $_->[0]);
    }
    my ($exit, $said) = $t->httpd_conf_test("<Directory /x>\nRequire rcapi-repo read b\n</Directory>\n");
    like($said, qr/takes a PREFIX/, 'a prefix without a slash');
};

subtest 'a refusal is no error of the server' => sub {
    my @errors = grep { /:error\]/ } split /^/, $t->error_log;
    is(join('', grep { !/RC0063|AH0161[78]|\/(?:bare|either)\// } @errors), '', 'nothing but logins and directives');
    like($t->error_log, qr{AH01631: .*/either/team/app}, 'httpd tells it to who debugs mod_authz_core');
};

my $log = slurp($t->dir . '/logs/requests');
like($log, qr{^200 owner - - GET /git/team/app/info/refs}m, 'logs know who it was, and no key');
unlike($log, qr/Basic [^*]|Bearer [^*]/, 'no login in a log');

$t->done;
done_testing;
