#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The door to mod_dav_svn under stress: httpd's processes are killed during commits, and files are large; and by TLS
# and HTTP/2 it is the same.
use strict;
use warnings;
use Digest::SHA ();
use Fcntl qw(LOCK_EX);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use RCAPI::Run qw(patiently rounds run slurp spew);
use RCAPI::Server;
use RCAPI::SvnClient;
use RCAPI::Test;

plan skip_all => 'no svn, or no mod_dav_svn' if !RCAPI::SvnClient::installed();

my $CAROL = 'password of carol';

sub youngest { RCAPI::SvnClient::program($_[0], 'svnlook', 'youngest', $_[1]) + 0 }

subtest 'kills during commits' => sub {
    my $t = RCAPI::Test->new(modules => [@RCAPI::SvnClient::MODULES], children => 1);
    $t->user('carol', password => $CAROL);
    my $carol = RCAPI::SvnClient->new($t, user => 'carol', password => $CAROL);
    my $there = RCAPI::SvnClient::repository($t, 'r', owner => 'carol');
    my $work = $carol->checkout('r');
    my $within = 0.6;
    my %seen;
    for my $round (1 .. rounds(5, 40)) {
        my $before = youngest($t, $there);
        for my $n (1 .. 20) {
            spew("$work/f$round-$n", "$round $n\n" x 2000);
            spew("$work/same$n", "$round\n" x 500);
        }
        $carol->must($work, 'add', '-q', '--force', '.');
        my $pid = fork // die $!;
        POSIX::_exit($carol->try($work, 'commit', '-q', '-m', "round $round")->{exit}) if !$pid;
        sleep rand $within;
        my $ended = waitpid($pid, POSIX::WNOHANG()) == $pid;
        my $answered = $ended && $? == 0;
        $within *= $ended ? 0.8 : 1.15;
        $t->kill_child('KILL');
        if (!$ended) { waitpid $pid, 0; $answered = $? == 0 }
        my $after = youngest($t, $there);
        $seen{ $ended ? 'before the kill' : $after > $before ? 'in spite of it' : 'not' }++;
        ok $after == $before + 1 || (!$answered && $after == $before), "round $round: as before or after";
        RCAPI::SvnClient::program($t, 'svnadmin', 'verify', '-q', $there);
        ok patiently(60, sub { $carol->try($work, 'cleanup'); !$carol->try($work, 'update', '-q')->{exit} }),
            'the work goes on';
        # Subversion's client takes its own files for someone else's when it did not hear that they are committed.
        $carol->must($work, 'resolve', '-q', '-R', '--accept', 'working', '.');
        $carol->must($work, 'commit', '-q', '-m', "again $round");
        is youngest($t, $there), $before + 1, 'what was lost is committed' if $after == $before;
        my $last = $t->must(get_repo => { repoid => 'r' })->{last_changeset};
        is $last->{raw_id}, youngest($t, $there), 'the last changeset is known';
    }
    note join ', ', map { "$seen{$_} made $_" } sort keys %seen;
    RCAPI::SvnClient::program($t, 'svnadmin', 'verify', '-q', $there);
    is $t->try_admin('check')->{exit}, 0, 'check has no complaints';
    $t->stop;
    $t->done;
};

# Begins a commit that adds the file $name; the name of its transaction.
sub begin {
    my ($t, $repo, $name, @basic) = @_;
    my $a = $t->get("/$repo/!svn/me", method => 'POST', @basic, body => '( create-txn )',
        headers => ['Content-Type' => 'application/vnd.svn-skel']);
    my $txn = $a->header('SVN-Txn-Name') // 'none';
    is $t->get("/$repo/!svn/txr/$txn/$name", method => 'PUT', @basic, body => "$name\n")->status, 201, "$name: begun";
    return $txn;
}

subtest 'what a killed commit left' => sub {
    my $t = RCAPI::Test->new(modules => [@RCAPI::SvnClient::MODULES], children => 1);
    $t->user('carol', password => $CAROL);
    my $carol = RCAPI::SvnClient->new($t, user => 'carol', password => $CAROL);
    for my $layout (qw(sharded linear)) {
        my $there = RCAPI::SvnClient::repository($t, $layout, owner => 'carol');
        if ($layout eq 'linear') {
            $t->run('rm', '-r', $there);
            RCAPI::SvnClient::program($t, 'svnadmin', 'create', '--compatible-version', '1.4', $there);
        }
        my $work = $carol->checkout($layout);
        spew("$work/f", "1\n");
        $carol->must($work, 'add', '-q', 'f');
        $carol->must($work, 'commit', '-q', '-m', 'one');
        my $folder = "$there/db/revprops" . ($layout eq 'linear' ? '' : '/0');
        my $first = slurp("$folder/1");
        spew("$folder/2", "K 7\nsvn:log\nV 4000\nhalf");
        chmod 0444, "$folder/2";
        is $t->must(get_repo => { repoid => $layout })->{last_changeset}{raw_id}, 1, "$layout: nobody sees it";
        spew("$work/f", "2\n");
        $carol->must($work, 'commit', '-q', '-m', 'two');
        is youngest($t, $there), 2, 'the next commit takes its place';
        is slurp("$folder/1"), $first, 'the revision before is as it was';
        is RCAPI::SvnClient::program($t, 'svnlook', 'log', '-r2', $there), "two\n", 'and has its own properties';
        my @basic = (basic => "carol:$CAROL");
        my ($old, $new) = map { begin($t, $layout, $_, @basic) } qw(old new);
        my ($rev) = grep { -e } "$there/db/txn-protorevs/$old.rev", "$there/db/transactions/$old.txn/rev";
        utime 1, 1, $rev;
        my $mark = "$there/locks/rc-commit-dead";
        spew($mark, '');
        if ($layout eq 'sharded') {
            open my $db, '<', "$there/db" or die $!;
            flock $db, LOCK_EX or die $!;
            my $a = $t->get("/$layout/!svn/me", method => 'POST', @basic, body => '( create-txn )');
            is $a->status, 503, 'another writer undoes it, and does not end';
            like $a->body, qr/The repository is being repaired; try again in a moment/, '... the client hears that';
        }
        utime 2, 2, $mark;
        my $next = begin($t, $layout, 'next', @basic);
        is_deeply [sort split ' ', RCAPI::SvnClient::program($t, 'svnadmin', 'lstxns', $there)], [sort $old, $next],
            'a commit that was killed at its end cannot go on, others can';
        ok !-e $mark, 'its mark is gone';
        RCAPI::SvnClient::program($t, 'svnadmin', 'verify', '-q', $there);
    }
    $t->done;
};

subtest 'a large file' => sub {
    my $t = RCAPI::Test->new(modules => [@RCAPI::SvnClient::MODULES], children => 1);
    $t->user('carol', password => $CAROL);
    my $carol = RCAPI::SvnClient->new($t, user => 'carol', password => $CAROL);
    my $there = RCAPI::SvnClient::repository($t, 'r', owner => 'carol');
    my $work = $carol->checkout('r');
    my $size = rounds(24, 300) << 20;
    open my $random, '<:raw', '/dev/urandom' or die $!;
    open my $file, '>:raw', "$work/large" or die $!;
    my $sum = Digest::SHA->new(256);
    for (1 .. $size >> 20) {
        read $random, my $part, 1 << 20;
        $sum->add($part);
        print $file $part;
    }
    close $file;
    my $want = $sum->hexdigest;
    my $peak = sub {
        return (sort { $b <=> $a } map { slurp("/proc/$_/status") =~ /VmHWM:\s+(\d+)/ } $t->children)[0];
    };
    my $before = $peak->();
    $carol->must($work, 'add', '-q', 'large');
    $carol->must($work, { timeout => 300 }, 'commit', '-q', '-m', 'a large file');
    unlink "$work/large";
    $carol->must($work, 'revert', '-q', 'large');
    my $again = $carol->checkout('r');
    is(Digest::SHA->new(256)->addfile("$again/large", 'b')->hexdigest, $want, 'it comes back');
    cmp_ok $peak->() - $before, '<', 64 * 1024, 'memory of httpd does not grow with it' if !$ENV{RCAPI_PRELOAD};
    RCAPI::SvnClient::program($t, 'svnadmin', 'verify', '-q', $there);
    $t->done;
};

subtest 'TLS and HTTP/2' => sub {
    my $folder = RCAPI::Server::apxs('LIBEXECDIR');
    plan skip_all => 'no mod_ssl, mod_http2 or openssl'
        if grep({ !-e "$folder/mod_$_.so" } qw(ssl http2)) || run({ root => 1 }, 'openssl', 'version')->{exit};
    my $tls = RCAPI::Server::free_port();
    my $t = RCAPI::Test->new(start => 0, modules => [@RCAPI::SvnClient::MODULES, qw(ssl http2)], children => 1);
    my $by = $t->tls // plan skip_all => 'openssl makes no certificate';
    $t->{server}{config} .= <<"END";
Listen 127.0.0.1:$tls
Protocols h2 h2c http/1.1
<VirtualHost 127.0.0.1:$tls>
ServerName localhost
$by</VirtualHost>
END
    $t->start;
    $t->user('carol', password => $CAROL);
    my $carol = RCAPI::SvnClient->new($t, user => 'carol', password => $CAROL);
    RCAPI::SvnClient::repository($t, 'r', owner => 'carol');
    my @trust = ('--trust-server-cert-failures=unknown-ca,cn-mismatch');
    my $work = $carol->folder;
    $carol->must($t->dir, 'checkout', '-q', @trust, "https://127.0.0.1:$tls/r", $work);
    mkdir "$work/trunk";
    spew("$work/trunk/f$_", "content $_\n") for 1 .. 5;
    $carol->must($work, 'add', '-q', 'trunk');
    $carol->must($work, 'commit', '-q', @trust, '-m', 'by TLS');
    $carol->must($work, 'copy', '-q', @trust, '-m', 'a copy', '^/trunk', '^/branches'); # COPY with a Destination
    like $carol->must($work, 'log', '-v', @trust, '^/'), qr{A /branches \(from /trunk:1\)}, 'a session by TLS';
    my @curl = ('curl', '-sk', '-u', "carol:$CAROL", '-w', "\n%{http_code} %{http_version}");
    my $two = sub { return $t->run(@curl, @_)->{out} };
    my @ways = (["https://127.0.0.1:$tls", '--http2'], [$t->url, '--http2-prior-knowledge']);
    for (@ways) {
        my ($base, @how) = @$_;
        is $two->(@how, "$base/r/trunk/f1"), "content 1\n\n200 2", "$how[0]: GET";
        like $two->(@how, '-X', 'PROPFIND', '-H', 'Depth: 1', "$base/r/trunk"), qr{/r/trunk/f5.*\n207 2\z}s,
            "$how[0]: PROPFIND";
        like $two->(@how, '-X', 'PROPFIND', '-H', 'Depth: 1', "$base/none"), qr{\n404 2\z}, "$how[0]: nothing there";
    }
    $t->done;
};

done_testing;
