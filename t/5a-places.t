#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The places of the data after a restore or a move: links, rights, missing and replaced files. What
# cannot be used is said once, with the path and the account; nothing is made in its place.
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(account patiently slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(children => 1, as_root => account() ? 1 : 0);
my $data = "$t->{dir}/data";
my $db = "$data/rcapi.db";

sub answers { return patiently(20, sub { defined $t->call('get_ip')->{result} }) }
sub new_log { my $log = $t->error_log; my $new = substr $log, $t->{seen} // 0; $t->{seen} = length $log; return $new }

# A child starts on what $change has made of the data; what it logs when a call fails.
sub refused {
    my ($name, $like, $change, $back) = @_;
    new_log();
    $change->();
    $t->kill_child;
    my $log = '';
    ok(patiently(20, sub { !defined $t->call('get_ip')->{result} && ($log .= new_log()) =~ /RC0010/ }),
        "$name: no answer");
    like($log, $like, "$name: the log says why");
    unlike($log, qr/no database connection|unable to open/, "$name: and nothing else");
    my $r = $t->try_admin('check');
    is($r->{exit}, 1, "$name: rcapi-admin fails");
    like($r->{err}, $like, "$name: and says why");
    is(() = $r->{err} =~ /\n/g, 1, "$name: in one line") or diag $r->{err};
    $back->();
    ok(answers(), "$name: mended, it answers without a restart");
}

sub move { rename $_[0], $_[1] or die "$_[0]: $!" }

subtest 'no account for the children' => sub {
    plan skip_all => 'only root can give one' if !account();
    my %says = (User => 'has no account', Group => 'has no group');
    for my $what (sort keys %says) {
        my $file = "$t->{dir}/account.conf";
        spew($file, $t->{server}->config(1) . qq($what "#-1"\n)); # as without the directive
        my $r = RCAPI::Run::run({ root => 1, env => $t->{server}{env} }, RCAPI::Server::program(), '-d', $t->{dir},
            '-f', $file, '-t');
        my $text = $r->{out} . $r->{err};
        isnt($r->{exit}, 0, "configtest refuses it without $what");
        like($text, qr{^RC0002: $what: httpd, started by root, $says{$what} to run its children with: set User and }m,
            'and says why');
        unlike($text, qr/Invalid argument/, 'and nothing else');
    }
};

subtest 'a link in the way' => sub {
    $t->stop;
    move($data, "$t->{dir}/real");
    symlink "$t->{dir}/real", $data;
    $t->start;
    ok(answers(), 'the server opens a database in a linked folder');
    is($t->try_admin('check')->{exit}, 0, 'rcapi-admin, too');
    $t->stop;
    unlink $data;
    move("$t->{dir}/real", $data);
    $t->start;
};

subtest 'a link as the database' => sub {
    symlink 'rcapi.db', "$data/link.db";
    my ($exit, $text) = $t->httpd_conf_test("RcapiDatabase $data/link.db");
    isnt($exit, 0, 'configtest refuses it');
    like($text, qr{RcapiDatabase: \Q$data\E/link\.db is a link; use the path of its target}, 'and says why');
    my $r = $t->run($t->program('rcapi-admin'), '--data', $data, '--db', "$data/link.db", 'check');
    is($r->{exit}, 1, 'rcapi-admin refuses it');
    like($r->{err}, qr{link\.db is a link: use the path of its target}, 'and says why');
    unlink "$data/link.db";
};

subtest 'a missing database' => sub {
    plan skip_all => 'the database is on a server' if RCAPI::Test::on_server();
    $t->must(create_user => { username => 'before', email => 'before@example.org', password => 'secret7' });
    my $wal = slurp("$db-wal"); # of the killed child
    refused('missing', qr{\Q$db\E does not exist; run init first}, sub {
        move($db, "$db.kept");
    }, sub {
        ok(!-e $db, 'no child has made another');
        ok(length $wal && $wal eq slurp("$db-wal"), 'the changes that were not in it yet are untouched');
        move("$db.kept", $db);
    });
    ok(grep({ $_->{username} eq 'before' } @{ $t->must('get_users') }), 'all is there again');
};

subtest 'missing at a running server' => sub {
    plan skip_all => 'the database is on a server' if RCAPI::Test::on_server();
    move($db, "$db.kept");
    ok(!defined $t->call('get_ip')->{result}, 'no answer');
    ok(!-e $db, 'no other database');
    move("$db.kept", $db);
    ok(answers(), 'and it goes on when it is there again');
};

subtest 'an empty database' => sub {
    plan skip_all => 'the database is on a server' if RCAPI::Test::on_server();
    refused('empty', qr{the database \Q$db\E is empty: restore it}, sub {
        move($db, "$db.kept");
        spew($db, '');
        chown((stat "$db.kept")[4, 5], $db);
    }, sub { move("$db.kept", $db); unlink "$db-wal", "$db-shm" });
};

subtest 'unreadable' => sub {
    my $me = (account())[0] // getpwuid $>;
    my $closed = qr{belongs to \S+, mode 0; this process runs as \Q$me\E\): Permission denied};
    my $rights = qr{cannot read and write the database \Q$db\E \(it $closed};
    refused('unreadable', $rights, sub { chmod 0, $db }, sub { chmod 0600, $db }) if !RCAPI::Test::on_server();
    refused('a closed folder',
        qr{\Q$data\E \(it belongs to \S+, mode 500; this process runs as \Q$me\E\): Permission denied},
        sub { chmod 0500, $data }, sub { chmod 0700, $data }) if !RCAPI::Test::on_server(); # nothing is written there
    refused('a folder without entry',
        qr{cannot (?:examine \Q$db\E|open the secret \Q$data\E/secret) \(\Q$data\E $closed},
        sub { chmod 0, $data }, sub { chmod 0700, $data });
    refused('a closed secret',
        qr{cannot open the secret \Q$data\E/secret \(it $closed},
        sub { chmod 0, "$data/secret" }, sub { chmod 0600, "$data/secret" });
    refused('a closed root',
        qr{cannot create \Q$data\E/repos/\.rc_tmp \(\Q$data\E/repos $closed},
        sub { chmod 0, "$data/repos" }, sub { chmod 0700, "$data/repos" });
};

subtest 'a lock of another account' => sub {
    plan skip_all => 'only root can make one' if !account();
    plan skip_all => 'the database is on a server' if RCAPI::Test::on_server();
    $t->stop;
    chown 0, 0, "$db.lock";
    new_log();
    $t->start;
    ok(answers(), 'the server answers');
    ok(defined $t->call(create_user => { username => 'lock', email => 'lock@example.org', password => 'secret7' })
        ->{result}, 'and writes');
    is((stat "$db.lock")[4], (stat $db)[4], 'the lock belongs to the owner of the database');
    like(new_log(), qr/rcapi\.db\.lock belonged to another account: made anew/, 'the log tells');
    chown 0, 0, "$db.lock";
    is($t->try_admin('check', '--repair')->{exit}, 0, 'check --repair mends it as well');
    is((stat "$db.lock")[4], (stat $db)[4], 'for the owner');
    unlink "$db.lock";
    my $r = RCAPI::Run::run({ root => 1 }, $t->program('rcapi-admin'), '--data', $data, 'check');
    is((stat "$db.lock")[4], (stat $db)[4], 'what root makes is the owner\'s');
};

subtest 'a database replaced while the server runs' => sub {
    plan skip_all => 'the database is on a server' if RCAPI::Test::on_server();
    $t->admin('backup', "$data/copy");
    $t->must(create_user => { username => 'late', email => 'late@example.org', password => 'secret7' });
    new_log();
    move("$data/copy", $db);
    ok(!defined $t->call(create_user => { username => 'lost', email => 'lost@example.org', password => 'secret7' })
        ->{result},
        'nothing is written to the old one');
    like(new_log(), qr{\Q$db\E was replaced while it was in use: stop httpd, remove}, 'the log says what to do');
    $t->stop;
    unlink "$db-wal", "$db-shm";
    $t->start;
    is(join(' ', grep { /^la|^lo/ } map { $_->{username} } @{ $t->must('get_users') }), account() ? 'lock' : '',
        'then the restored one is read');
    $t->must(create_user => { username => 'later', email => 'later@example.org', password => 'secret7' });
};

subtest 'a -wal file that a reader has grown' => sub {
    plan skip_all => 'the database is on a server' if RCAPI::Test::on_server();
    open my $shell, '|-', 'sqlite3', $db or die "sqlite3: $!";
    $shell->autoflush(1);
    print $shell ".output $t->{dir}/scratch/shell\nBEGIN; SELECT count(*) FROM users;\n";
    ok(patiently(10, sub { -s "$t->{dir}/scratch/shell" }), 'somebody reads');
    for my $i (1 .. 300) {
        $t->must(update_user => { userid => 'later', firstname => chr(97 + $i % 26) x 200 });
        RCAPI::HTTP::request($t->port, POST => '/_admin/api', body => qq({"id":1,"api_key":"${\ $t->key('admin')}",)
            . qq("method":"create_user_group","args":{"group_name":"g$i","description":") . 'x' x 60_000 . '"}}');
    }
    cmp_ok(-s "$db-wal", '>', 16 << 20, 'the file grows meanwhile');
    print $shell "COMMIT;\n";
    close $shell;
    $t->must(update_user => { userid => 'later', firstname => 'one' });
    cmp_ok(-s "$db-wal", '<', 1 << 20, 'the next change empties it');
};

$t->done;
done_testing;
