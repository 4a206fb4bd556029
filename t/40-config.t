#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Directives: a wrong value stops httpd -t with a clear sentence, right ones do what they say, for
# servers, places and virtual hosts; every MPM; reloads; what happens while nothing can be opened.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use File::Path ();
use Test::More;

use RCAPI::HTTP;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my $WHITELIST = 'RcapiAccessControllersWhitelist';
my $t = RCAPI::Test->new(
    mounts => ['/', '/sub'],
    location => 'RcapiMaxRequestBody 4K',
    whitelist => '',
    directives => <<'END',
RcapiAccessControllersWhitelist \
    ChangesetController:changeset_patch, \
    "ChangesetController:changeset_raw", \
    FilesController:raw,
RcapiApiLevel 4.5.6
<Location "/sub">
    RcapiAccessControllersWhitelist None
    RcapiBaseUrl https://code.example.org/below/
</Location>
<Location "/other">
    SetHandler server-status
</Location>
END
);
$t->repo('tiny', commits => 2);
$t->admin('anonymous', 'off');
my $dir = $t->dir;

subtest 'wrong values' => sub {
    spew("$dir/file", '');
    for my $case (
        ['RcapiDatabase', qr/takes one argument/], ['RcapiDatabase ""', qr/takes one argument/],
        ["RcapiDatabase $dir/nothing", qr/there is no file \Q$dir\E\/nothing .*rcapi-admin init/],
        ["RcapiDatabase $dir", qr/\Q$dir\E is not a file/],
        ["RcapiRepositoryRoot $dir/nothing", qr/RcapiRepositoryRoot: there is no directory/],
        ["RcapiRepositoryRoot $dir/file", qr/\/file is not a directory/],
        ["RcapiSecretFile $dir/nothing", qr/RcapiSecretFile: there is no file/],
        ["RcapiTempDirectory $dir/nothing", qr/RcapiTempDirectory: there is no directory [^;]*$/],
        ['RcapiDatabaseSync HALF', qr/'HALF' is not FULL or NORMAL/],
        ['RcapiDatabaseMin -1', qr/'-1' is not a number from 0 to 10000/],
        ['RcapiVisitorsMax 0', qr/'0' is not a number from 1/],
        ['RcapiMetricsFrom 10.0.0.0/8 x', qr/RcapiMetricsFrom: 'x' is not an address or a network/],
        ['RcapiPasswordMax 0', qr/'0' is not a number from 1/],
        ['RcapiTempMax lots', qr/'lots' is not a number of bytes/],
        ['RcapiGit perhaps', qr/must be On or Off/], ['RcapiGitMax 0', qr/'0' is not a number from 1/],
        ['RcapiGitTimeout 0', qr/number from 1/], ['RcapiGitMemory x', qr/'x' is not a number of bytes/],
        ['RcapiPushMaxSize -1', qr/not a number of bytes/],
        ['RcapiHg x', qr/On or Off/i], ['RcapiHgTimeout 0', qr/number from 1/],
        ['RcapiHgMemory x', qr/number of bytes/],
        ['RcapiHgPushMaxSize x', qr/number of bytes/],
        ['RcapiExpensiveMax 0', qr/'0' is not a number from 1/], ['RcapiRangeMax x', qr/'x' is not a number of bytes/],
        ['RcapiRangeMax 1G 1m', qr/'1m' is not a number of seconds/],
        ['RcapiRangeMax 1G 86401', qr/'86401' is not a number of seconds/], ['RcapiRangeMax', qr/takes 1-2 arguments/],
         ['RcapiFeedItems 1001', qr/not a number/], ['RcapiFeedIncludeDiff x', qr/On or Off/i],
         ['RcapiFeedCutOff 0', qr/'0' is not a number from 1/],
         ['RcapiArchiveCache cache 1x', qr/'1x' is not a number of bytes/],
        ['RcapiDatabaseMin x', qr/not a number/], ['RcapiDatabaseMax 0', qr/'0' is not a number from 1/],
        ['RcapiDatabaseMax 1e3', qr/not a number/],
        ['RcapiRemember 1', qr/'1' is not Off, or a number of bytes/], ['RcapiRemember On', qr/is not Off, or/],
        ["RcapiDatabaseMin 9\nRcapiDatabaseMax 3", qr/RcapiDatabaseMin 9 is more than RcapiDatabaseMax 3/],
        ['RcapiMaxRequestBody 0', qr/'0' is not a number of bytes/], ['RcapiMaxRequestBody 5X', qr/'5X' is not/],
        ['RcapiMaxRequestBody M', qr/'M' is not/],
        ['RcapiMaxRequestBody 99999G', qr/is not a number of bytes/],
        ['RcapiMaxRequestBody 9999999999999999999', qr/is not/],
        ['RcapiRemoteSchemes', qr/requires at least/],
        ['RcapiRemoteSchemes http ext', qr/'ext' is not http, https, git, ssh, svn or file/],
        ['RcapiRemotePrivate perhaps', qr/must be On or Off/], ['RcapiRemoteTimeout 0', qr/number from 1/],
        ['RcapiRemoteTimeout 1h', qr/not a number/],
        ['RcapiRemoteMaxSize -5', qr/not a number of bytes/], ['RcapiRemoteMax 0', qr/number from 1/],
        ['RcapiMaintenance x', qr/On or Off/i], ['RcapiWebhooks x', qr/On or Off/i],
        ['RcapiWebhookRetry 86401', qr/not a number/], ['RcapiWebhookTimeout 0', qr/number from 1/],
        ['RcapiSvn x', qr/On or Off/i], ['RcapiSvnHooks x', qr/On or Off/i],
        ['RcapiRemoteMax many', qr/not a number/], ['RcapiRemoteMax 3 0', qr/number from 1/],
        ['RcapiRemoteMax 1 2 3', qr/takes/],
        ['RcapiKeyInQuery 2', qr/must be On or Off/], ['RcapiTrustLogin maybe', qr/must be On or Off/],
        ['RcapiRevealKeys maybe', qr/must be On or Off/],
        ["RcapiSiteTitle \"a\xffb\"", qr/is not plain UTF-8 text/], ["RcapiApiLevel \"a\tb\"", qr/is not plain/],
        (map { ["RcapiBaseUrl $_", qr/is not a URL http/] } qw(code.example.org ftp://x/ http:// http://u@h/
            http://h/?x /x),
            'http://h/#x', '"http://h/a b"'),
        ["$WHITELIST changeset_raw", qr/'changeset_raw' is not of the form Controller:action/],
        ["$WHITELIST FilesController:[raw", qr/has a '\[' without '\]'/], ["$WHITELIST A:b=c", qr/holds a character/],
        (map { ["$_\nSetHandler rcapi\n" . s/^<(\w+).*/<\/$1>/r,
            qr/SetHandler rcapi is allowed in <Location .*not in \Q$_\E$/m] }
            '<Directory "/x">', '<LocationMatch "^/x">', '<Location ~ "^/x">', '<Location "/x*">', '<Files "x">'),
        ["<Location \"/x\">\n<If \"true\">\nSetHandler rcapi\n</If>\n</Location>", qr/SetHandler rcapi is allowed in/],
        ["<Location \"/x\">\nRcapiDatabase /x\n</Location>", qr/not allowed (?:here|in)/],
        ["<VirtualHost *:1>\nServerName other\nRcapiSecretFile $dir/nothing\n</VirtualHost>",
            qr/server other .*RcapiSecretFile: there is no file/],
    ) {
        my ($text, $why) = @$case;
        my ($exit, $said) = $t->httpd_conf_test("$text\n");
        isnt($exit, 0, "refused: " . $text =~ s/\n/ /gr =~ s/\Q$dir\E/DIR/gr);
        like($said, $why, '... and why');
    }
    my $bare = RCAPI::Test->new(bare => 1, start => 0,
        directives => "LoadModule rcapi_module $t->{bin}/mod_rcapi.so\n");
    for my $name (qw(RcapiDatabase RcapiRepositoryRoot RcapiSecretFile)) {
        my %set = (RcapiDatabase => qq("${\ $t->database}"), RcapiRepositoryRoot => "$dir/data/repos",
            RcapiSecretFile => "$dir/data/secret");
        my ($exit, $said) = $bare->httpd_conf_test(join '', "SetHandler rcapi\n",
            map { $_ eq $name ? () : "$_ $set{$_}\n" } sort keys %set);
        isnt($exit, 0, "without $name");
        like($said, qr/SetHandler rcapi requires $name, which is not set/, '... it says so');
    }
    is(($bare->httpd_conf_test(''))[0], 0, 'but a module that is only loaded needs nothing');
    $bare->done;
};

subtest 'right values' => sub {
    for my $text (
        'RcapiTempMax 64M', 'RcapiTempMax 0', 'RcapiRemember 1M', 'RcapiRemember off',
        'RcapiDatabaseSync normal', 'RcapiDatabaseMax 1', 'RcapiMaxRequestBody 10m', 'RcapiRemoteSchemes HTTPS',
        'RcapiArchiveCache none', 'RcapiArchiveCache cache 10g', 'RcapiExpensiveMax 1', 'RcapiPasswordMax 4',
        'RcapiGit Off', 'RcapiGitMax 9', 'RcapiGitTimeout 1', 'RcapiGitMemory 0', 'RcapiPushMaxSize 1G',
        'RcapiRangeMax 0', 'RcapiRangeMax 2g 0', 'RcapiFeedItems 1000', 'RcapiFeedIncludeDiff On',
        'RcapiFeedCutOff 1048576', 'RcapiRemoteMaxSize 0', 'RcapiRemoteTimeout 86400', 'RcapiRemoteMax 1',
        'RcapiRemoteMax 20 5', 'RcapiMaintenance Off', 'RcapiSvn Off', 'RcapiSvnHooks On',
        'RcapiHg Off', 'RcapiHgTimeout 1', 'RcapiHgMemory 0', 'RcapiHgPushMaxSize 1G',
        "$WHITELIST *", "$WHITELIST", "$WHITELIST SummaryController:index", 'RcapiBaseUrl http://[::1]:8080/x/',
        "RcapiSiteTitle \"K\xc3\xb6ln\"",
        "<VirtualHost *:1>\nSetHandler rcapi\n</VirtualHost>", "<Location \"/a\">\nSetHandler None\n</Location>",
        "<Directory \"/a\">\nSetHandler x\n</Directory>",
        RCAPI::Test::on_server() ? () : "RcapiDatabase data/rcapi.db",
    ) {
        my ($exit, $said) = $t->httpd_conf_test("$text\n");
        is($exit, 0, $text =~ s/\n/ /gr) or diag $said;
    }
};

subtest 'whitelist entries that open nothing' => sub {
    for my $entry (qw(FilesController:rwa ChangesetControler:* CompareController:index)) {
        my ($exit, $said) = $t->httpd_conf_test("$WHITELIST FilesController:raw $entry *:archivefile\n");
        is($exit, 0, "$entry is taken");
        is_deeply([$said =~ /entry '(.*?)' fits no view/g], [$entry], '... with a warning');
    }
    unlike(($t->httpd_conf_test("$WHITELIST *, ChangesetController:*, FeedController:rss\n"))[1], qr/fits no view/,
        'none for others');
};

subtest 'places' => sub {
    is($t->get('/tiny/changeset-diff/tip', as => 'admin')->status, 200, 'a pasted whitelist');
    is($t->get('/sub/tiny/changeset-diff/tip', as => 'admin')->status, 401, 'another place, another whitelist');
    is($t->get('/subtiny/changeset-diff/tip', as => 'admin')->status, 404, 'a mount ends at a slash');
    is($t->call(test => { args => 'x' }, mount => '/sub')->{result}, 'x', 'the API answers there too');
    like($t->get('/other')->body, qr/Server Version/i, 'another handler inside our place') or diag $t->last->{raw};
    is($t->call(test => { args => 'x' x 5000 })->{error}, 'Request body is larger than 4096 bytes',
        'the limit of the place');
    is($t->must('get_server_info')->{rhodecode_version} // 'none', '4.5.6', 'RcapiApiLevel');
    $t->call(test => { args => 'x' }, mount => '/sub/');
    is($t->last->status, 200, 'a slash at the end of the mount');
};

subtest 'allowed, and seldom meant' => sub {
    my $said = sub { ($t->httpd_conf_test("$_[0]\n"))[1] };
    my $sites = qr/^.*RC0070: SetHandler rcapi is set for the whole main server, and so for every virtual host/m;
    my $host = "<VirtualHost *:1>\nServerName other\n%s</VirtualHost>";
    unlike($said->(''), $sites, 'one site');
    like($said->(sprintf $host, ''), $sites, 'a mount that takes other sites over');
    my $slashes = sub { [$_[0] =~ /RC0071: server (\S+) .*?AllowEncodedSlashes is Off/g] };
    is_deeply($slashes->($said->('AllowEncodedSlashes NoDecode')), [], 'NoDecode');
    is_deeply($slashes->($said->('AllowEncodedSlashes On')), [], 'On');
    is_deeply($slashes->($said->('AllowEncodedSlashes Off')), ['127.0.0.1'], 'Off');
    is_deeply($slashes->($said->("AllowEncodedSlashes NoDecode\n" . sprintf $host, "AllowEncodedSlashes Off\n")),
        ['other'], 'Off in a virtual host');
    mkdir "$dir/closed", 0500;
    my $cache = qr/RC0072: RcapiArchiveCache: the account of httpd's children cannot use \Q$dir\E\/closed/;
    like($said->("RcapiArchiveCache $dir/closed"), $cache, 'a cache that cannot be written');
    like($said->("RcapiArchiveCache $dir/closed/new"), $cache, 'nor made');
    unlike($said->("RcapiArchiveCache $dir/new"), qr/RC0072/, 'one that can be made');
    my ($exit, $why) = $t->httpd_conf_test("RcapiTempDirectory $dir/closed\n");
    isnt($exit, 0, 'a folder for temporary files that cannot be used');
    like($why,
        qr/RcapiTempDirectory: the account of httpd's children cannot use \Q$dir\E\/closed \(Permission denied\)/,
        'is refused');
};

subtest 'virtual hosts' => sub {
    my $before = $t->{server}{config};
    my $port = $t->port;
    mkdir "$dir/$_" for qw(two two/repos);
    $t->run($t->program('rcapi-admin'), '--data', "$dir/two", 'init', '--user', 'second', '--email', 'x@example.org',
        '--password', 'pw-123456789', '--force-yes');
    my $listen = "127.0.0.1:$port";
    $t->{server}{config} .= <<"END";
<VirtualHost $listen>
    ServerName one
</VirtualHost>
<VirtualHost $listen>
    ServerName two
    RcapiDatabase $dir/two/rcapi.db
    RcapiRepositoryRoot $dir/two/repos
    RcapiSecretFile $dir/two/secret
</VirtualHost>
<VirtualHost $listen>
    ServerName none
    <Location "/">
        SetHandler none
    </Location>
    <Location "/sub">
        SetHandler none
    </Location>
</VirtualHost>
END
    $t->reload;
    my $ask = sub { $t->get('/tiny/changeset-diff/tip', as => 'admin', headers => [Host => $_[0]])->status };
    like($t->error_log, qr/rcapi:warn\].*RC0070: /, 'the log of the start says so');
    is($ask->('one'), 200, 'the first inherits');
    is($ask->('two'), 401, 'the second has another database');
    is($t->get('/tiny/changeset-diff/tip', headers => [Host => 'none'])->status, 404, 'the third has none of it');
    unlike($t->last->body, qr/^Not Found$/, '... but httpd\'s own answer');
    $t->{server}{config} = $before;
    $t->reload;
};

for my $mpm (qw(prefork worker event)) {
    subtest $mpm => sub {
        my $other = RCAPI::Test->new(mpm => $mpm, children => 2);
        $other->repo('tiny', commits => 2);
        my @want = ($other->get('/tiny/changeset-diff/tip', as => 'admin')->body, 'x');
        for my $round (1 .. 3) {
            my $bad = grep {
                $other->get('/tiny/changeset-diff/tip', as => 'admin')->body ne $want[0]
                    || $other->call(test => { args => 'x' })->{result} ne 'x'
            } 1 .. 8;
            is($bad, 0, "served, round $round");
            $other->reload if $round == 1;
            next if $round != 2;
            my $child = $other->kill_child;
            patiently(5, sub { !kill 0 => $child }); # it may have taken a connection along
        }
        $other->done;
    };
}

subtest 'SQLite on NFS' => sub {
    plan skip_all => 'the database is on a server' if RCAPI::Test::on_server();
    my $env = $t->{server}{env};
    local $env->{LD_PRELOAD} = "$env->{LD_PRELOAD} $t->{bin}/t/nfs.so";
    local $env->{RCAPI_NFS} = $t->dir . '/data';
    my ($exit, $said) = $t->httpd_conf_test('');
    isnt($exit, 0, 'httpd does not start');
    like($said, qr/RcapiDatabase: \S+ is on NFS, where this file would be damaged: keep/, '... and says why');
    my %preload = map { $_ => $env->{$_} } qw(LD_PRELOAD RCAPI_NFS);
    my $r = $t->run({ env => \%preload }, $t->program('rcapi-admin'), $t->admin_place, 'user', 'list');
    like("$r->{exit} $r->{err}", qr/^1 .* is on NFS/, 'rcapi-admin');
};

subtest 'nothing to serve from' => sub {
    my $other = RCAPI::Test->new(children => 1);
    $other->repo('tiny', commits => 2);
    my $data = $other->dir . '/data';
    chmod 0644, "$data/secret"; # others may read it: the children refuse it, at their start
    $other->reload;
    is($other->get('/tiny/changeset-diff/tip', as => 'admin')->status, 503, 'a view');
    is($other->last->header('Retry-After'), 3, 'come again');
    $other->call(test => { args => 'x' });
    is($other->last->status, 503, 'a call');
    is_deeply($other->last->json, { id => undef, result => undef, error => 'Internal server error' },
        'an envelope all the same');
    like($other->error_log, qr/rcapi:error.*RC0010: cannot serve the API: .*secret/, 'the log says why');
    my $tries = () = $other->error_log =~ /RC0010/g;
    $other->get('/tiny/changeset-diff/tip', as => 'admin') for 1 .. 20;
    my $more = () = $other->error_log =~ /RC0010/g;
    cmp_ok($more - $tries, '<=', 2, 'not tried at each request');
    chmod 0600, "$data/secret";
    ok(patiently(10, sub { $other->get('/tiny/changeset-diff/tip', as => 'admin')->status == 200 }),
        'served again, without a restart');

    my $root = "$data/repos"; # where nothing is mounted, an empty directory
    my $empty = sub {
        rename $root, "$root.mounted" or die "$root: $!";
        mkdir $root or die "$root: $!";
        chown((stat "$root.mounted")[4, 5], $root);
        $other->reload;
    };
    $empty->();
    $other->call(create_repo => { repo_name => 'lost', repo_type => 'git' });
    is($other->last->status, 503, 'an empty root');
    ok(!-e "$root/lost", 'gets no new ones');
    like($other->error_log, qr/RC0010: cannot serve the API: \Q$root\E has none of the repositories of /, 'the log');
    File::Path::remove_tree($root);
    rename "$root.mounted", $root or die "$root: $!";
    my $served = sub { $other->get('/tiny/changeset-diff/tip', as => 'admin')->status == 200 };
    ok(patiently(10, $served), 'served again when they are there');
    rename "$root/tiny", "$root/other" or die "$root: $!";
    $other->reload;
    is($other->get('/tiny/changeset-diff/tip', as => 'admin')->status, 500, 'with other contents');
    like($other->news, qr/rcapi:error.* has none of the repositories of /, 'the log');
    $empty->();
    is($other->admin(qw(call rescan_repos remove_obsolete:=true)) =~ /"removed":\["tiny"\]/, 1, 'they are lost');
    ok(patiently(10, sub { $other->call('get_repos'); $other->last->status == 200 }), 'served without them');
    $other->done;
};

$t->done;
done_testing;
