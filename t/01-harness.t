# SPDX-License-Identifier: Apache-2.0
# The harness itself, with an httpd that has no module of ours in it: what it promises to notice, it
# notices.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use RCAPI::Git;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my $secret = RCAPI::Git::random_hex(20);
my $t = RCAPI::Test->new(bare => 1);
my $dir = $t->dir;

isnt($>, 0, 'tests never run as root');
spew("$dir/htdocs/a.txt", "hello\n");

subtest 'requests' => sub {
    my $a = $t->get('/a.txt', headers => [Range => 'bytes=1-2', 'X-Odd' => 'b', 'X-Odd' => 'a']);
    is($a->status, 206);
    is($a->body, 'el');
    is($a->header('content-length'), 2, 'headers in any case');
    is($t->get('/a.txt', method => 'HEAD')->body, '');
    like($t->raw_request("GET /a.txt HTTP/1.0\r\n\r\n")->{raw}, qr/\r\n\r\nhello\n\z/);
    is($t->raw_request("\0\r\n\r\n")->status, 400);
    like($t->call(test => {}, key => 'none')->{broken}, qr/^HTTP/, 'an answer that is no JSON');
};

subtest 'answers taken apart' => sub {
    my $a = RCAPI::HTTP::parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\na:2\r\n"
        . "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n");
    is($a->status, 200);
    is_deeply([$a->header('a')], [1, 2], 'repeated headers');
    is($a->body, 'abcde');
    is(RCAPI::HTTP::parse('garbage')->status, 0);
    is(RCAPI::HTTP::parse('{"a":1}')->json->{a}, 1);
};

subtest 'reload, children' => sub {
    my %old = map { $_ => 1 } $t->children;
    ok(%old, 'there are children');
    $t->reload;
    ok(!(grep { $old{$_} } $t->children), 'and others after a reload');
    my $child = $t->kill_child;
    ok(patiently(10, sub { !kill 0 => $child }), 'one was killed');
    is($t->get('/a.txt')->status, 200, 'the others go on');
};

subtest 'configuration' => sub {
    my ($exit, $text) = $t->httpd_conf_test("NoSuchDirective\n");
    ok($exit, 'a wrong line');
    like($text, qr/Invalid command 'NoSuchDirective'/);
    is(($t->httpd_conf_test("Timeout 3\n"))[0], 0, 'a good line');
};

subtest 'git' => sub {
    my @repo = map {
        RCAPI::Git::init("$dir/scratch/$_");
        RCAPI::Git::history("$dir/scratch/$_", 60, 4);
        "$dir/scratch/$_"
    } 1, 2;
    is($t->git($repo[0], qw(rev-list --all --count)), "60\n");
    is($t->git($repo[0], qw(rev-parse master v20)), $t->git($repo[1], qw(rev-parse master v20)), 'always the same');
    like($t->git($repo[0], qw(log -M --raw --min-parents=1 --format=%P)), qr/^:.* R\d+\t/m, 'renames');
    isnt($t->git($repo[0], qw(rev-list --merges --count master)), "0\n", 'merges');
    ok(!eval { $t->git($repo[0], 'no-such-command') }, 'a failing command dies');
};

subtest 'programs are bounded' => sub {
    my $r = $t->run({ timeout => 1 }, 'sh', '-c', 'sleep 600 & sleep 600');
    is($r->{signal}, 9);
    is($t->run({ stdin => 'x' }, 'cat')->{out}, 'x');
    is($t->run('/no/such/program')->{exit}, 127);
};

subtest 'what done would say' => sub {
    is($t->leaks, '', 'nothing yet');
    is($t->trouble, '', 'nothing yet');
    $t->secret($secret);
    $t->get("/a.txt?api_key=$secret");
    ok(patiently(10, sub { $t->leaks =~ m{access_log: .*api_key=<SECRET>} }), 'a key in a log');
    like($t->leaks, qr{forensic_log: .*<SECRET>}, 'in the forensic log, too');
    delete $t->{secrets}{$secret};
    for my $line ('[rcapi:alert] [pid 1] x', 'child pid 7 exit signal Segmentation fault (11)',
        '==7==ERROR: AddressSanitizer: heap-use-after-free', "x.c:3:4: runtime error: signed integer overflow",
        'free(): double free detected in tcache 2') {
        spew("$dir/logs/console", "$line\n");
        like($t->trouble, qr/\Q$line\E/, $line);
    }
    spew("$dir/logs/console", '');
};

subtest 'crashes' => sub {
    my $ends = sub { "child pid $_[0] exit signal Segmentation fault (11)\n" };
    my $theirs = "libapr-1.so.0(apr_os_sock_get+0x4)[0x1]\nmod_mpm_event.so(+0x5e31)[0x2]\napache2(main+0x1)[0x3]\n";
    spew("$dir/logs/console", $ends->(7));
    spew("$dir/logs/crash.7", $theirs);
    is($t->trouble, '', "httpd's own when a worker's socket is gone");
    for ($theirs =~ s/apache2/mod_rcapi.so(+0x1)/r, $theirs =~ s/apr_os_sock_get/apr_palloc/r, '') {
        spew("$dir/logs/crash.7", $_);
        is($t->trouble, $ends->(7) . $_, 'any other is told, with its stack');
    }
    unlink "$dir/logs/crash.7";
    spew("$dir/logs/console", '');

    my $other = RCAPI::Test->new(bare => 1);
    my $child = $other->kill_child('SEGV');
    ok(patiently(10,
        sub { $other->trouble =~ /child pid $child exit signal Segmentation fault|AddressSanitizer: SEGV/ }),
        'a real one');
    SKIP: {
        skip 'a sanitizer has a report of its own', 1 if $ENV{RCAPI_PRELOAD};
        like($other->trouble, qr/\bmod_mpm_event\.so\b.*\n(?:.*\n)*.*\(main\+/, '... with its stack');
    }
    $other->stop;
    unlink glob $other->dir . '/logs/*';
    $other->done;
};

subtest 'a test that dies takes its server along' => sub {
    my $body = 'use RCAPI::Test; my $t = RCAPI::Test->new(bare => 1); $|++; print $t->{server}->pid, "\n";';
    for my $end ('die "so\n"', 'kill KILL => $$', 'kill TERM => $$', 'POSIX::_exit(0)') {
        my ($pid) = $t->run($^X, '-It/lib', '-e', "$body $end")->{out} =~ /^(\d+)/;
        ok($pid && patiently(30, sub { !kill 0 => $pid }), $end);
    }
    my $late = $body =~ s/bare => 1/bare => 1, limit => 1/r . 'my $p = $t->{server}->pid; '
        . 'print RCAPI::Run::patiently(30, sub { !kill 0 => $p })';
    my ($pid) = $t->run($^X, '-It/lib', '-e', $late)->{out} =~ /^(\d+)\n1/;
    ok($pid, 'and a server ends at its limit');
};

subtest 'what stays behind' => sub {
    my $other = RCAPI::Test->new(bare => 1);
    spew($other->dir . '/tmp/spool', '');
    $other->stop;
    like($other->{server}->left_behind, qr{temporary file .*/tmp/spool}, 'a temporary file');
    unlink $other->dir . '/tmp/spool';
    $other->done;
};

$t->done;
done_testing;
