#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Answers that a program writes into a file while they are sent: slow clients, several clients for one
# program, and every way in which one of them can fail. Shown by the face that only the tests have
# (t/lib/face_echo.c); its scripts wait for the file "go".
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Socket qw(SOL_SOCKET SO_RCVBUF sockaddr_in inet_aton);
use Test::More;
use Time::HiRes qw(sleep time);

use RCAPI::HTTP;
use RCAPI::Run qw(patiently run slow slurp spew);
use RCAPI::Test;

my $BIG = 40_000_000; # as t/lib/face_echo.c has it
my $LARGE = 10_000_000; # more than the sockets hold
my $head = "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
my $t;
$SIG{PIPE} = 'IGNORE';

sub in_tmp { $t->dir . "/tmp/$_[0]" }
sub lines { my ($file) = @_; -e in_tmp($file) ? split /\n/, slurp(in_tmp($file)) : () }
sub count { scalar(my @lines = lines($_[0])) }
sub forget { unlink map { in_tmp($_) } qw(go runs done pid) }
sub parts { scalar(() = glob $t->dir . '/cache/rcapi-*.part') }

sub server {
    my (%opt) = @_;
    my $more = delete $opt{directives} // '';
    $t = RCAPI::Test->new(module => 't/mod_rcapi_echo.so', children => 1, %opt,
        directives => "Timeout 3\nRequestReadTimeout header=20\nRcapiArchiveCache cache 300M\n$more");
}

# The process is gone, or goes soon.
sub is_gone {
    my ($pid, $what) = @_;
    ok(patiently(5, sub { !kill 0, $pid }), "$what: the program is gone");
}

# A connection that has sent $text; a client that is slow to read has a small window.
sub client {
    my ($text, $window) = @_;
    socket(my $socket, Socket::AF_INET(), Socket::SOCK_STREAM(), 0) or die "socket: $!";
    setsockopt $socket, SOL_SOCKET, SO_RCVBUF, $window if $window;
    connect $socket, sockaddr_in($t->port, inet_aton('127.0.0.1')) or die "connect: $!";
    syswrite $socket, $text;
    return { socket => $socket, got => '' };
}

sub get { client("GET /_echo/produce/$_[0] $head", $_[1]) }

# Reads until what has come matches $like, or the end; returns it. Who reads to the end is slow no longer:
# through the small window, a busy machine sends only 150 KB a second.
sub hear {
    my ($client, $like) = @_;
    setsockopt $client->{socket}, SOL_SOCKET, SO_RCVBUF, 1 << 20 if !$like;
    patiently(20, sub {
        while (!$like || $client->{got} !~ $like) {
            vec(my $ready = '', fileno $client->{socket}, 1) = 1;
            return 0 if !select $ready, undef, undef, 0.1;
            return 1 if !sysread $client->{socket}, $client->{got}, 65536, length $client->{got};
        }
        return 1;
    });
    return $client->{got};
}

# The rest of an answer. A whole one ends with the last chunk, a cut one does not.
sub answer {
    my ($client) = @_;
    my $a = RCAPI::HTTP::parse(hear($client));
    return { status => $a->status, body => $a->body, whole => $a->{raw} =~ /\r\n0\r\n\r\n\z/ ? 1 : 0 };
}

my $FULL = { status => 200, body => "first\nlast\n", whole => 1 };
my $CUT = { status => 200, whole => 0 };
sub is_cut { my ($a, $what) = @_; is_deeply({ map { $_ => $a->{$_} } qw(status whole) }, $CUT, $what) }

for my $mpm (qw(event worker prefork)) {
    subtest $mpm => sub {
        server(mpm => $mpm, children => $mpm eq 'prefork' ? 8 : 1);
        subtest 'a program' => \&a_program;
        subtest 'several clients of one program' => \&followers;
        subtest 'clients that leave' => \&leavers;
        subtest 'a program that fails' => \&failures;
        $t->done;
    };
}

sub a_program {
    my $r = run({ root => 1, timeout => 60 }, 'sh', '-c', "curl -s ${\ $t->url}/_echo/produce/big | wc -c");
    is($r->{out} + 0, $BIG, 'much');
    is($t->get('/_echo/produce/cat')->body, '', 'nothing');
    is($t->get('/_echo/produce/deaf')->body, "deaf\n", 'little');
    is($t->get('/_echo/produce/big', method => 'HEAD')->status, 200, 'HEAD');
}

sub followers {
    my $first = get('gate?name=a');
    like(hear($first, qr/first/), qr/first/, 'the first bytes of a program that works on');
    my @others = map { get('gate?name=a') } 1 .. 3;
    like(hear($_, qr/first/), qr/first/, 'others have them, too') for @others;
    spew(in_tmp('go'), '');
    is_deeply(answer($_), $FULL, 'all of it') for $first, @others;
    unlink in_tmp('go');
    my $a = $t->get('/_echo/produce/gate?name=a');
    is($a->body, $FULL->{body}, 'from the cache');
    is(count('runs'), 1, 'the program ran once');
    is(parts(), 0, 'no part is left');
    forget();
}

sub leavers {
    my $first = get('gate?name=b');
    hear($first, qr/first/);
    my $other = get('gate?name=b');
    hear($other, qr/first/);
    close $first->{socket};
    sleep 0.7; # long enough for two checks; a shorter time only tests less
    spew(in_tmp('go'), '');
    is_deeply(answer($other), $FULL, 'the program works on for others');
    is(count('runs'), 1, '... once');
    forget();

    my $ticks = get('ticks?name=c');
    hear($ticks, qr/tick/);
    is(parts(), 1, 'a part');
    close $ticks->{socket};
    is_gone(slurp(in_tmp('pid')) + 0, 'the last one has left');
    ok(patiently(5, sub { !parts() }), '... and the part');
    forget();

    return if $t->{server}{mpm} ne 'prefork'; # where a crash ends one request only
    $first = get('gate?name=d');
    hear($first, qr/first/);
    $other = get('gate?name=d');
    hear($other, qr/first/);
    kill KILL => lines('runs');
    is_cut(answer($other), 'the process of the first one is killed: an answer that has begun is cut');
    spew(in_tmp('go'), '');
    is($t->get('/_echo/produce/gate?name=d')->body, $FULL->{body}, '... and made again');
    forget();

    $first = get('mute?name=e');
    patiently(5, sub { count('runs') });
    $other = get('mute?name=e');
    sleep 0.3; # if it comes later, it does not follow, and the result is the same
    kill KILL => lines('runs');
    ok(patiently(5, sub { count('runs') == 2 }), 'one that has not begun runs the program itself');
    spew(in_tmp('go'), '');
    is(answer($other)->{body}, "last\n", '... to its end');
    forget();
}

sub failures {
    my $a = $t->get('/_echo/produce/fail?name=f');
    is($a->status, 500, 'before its first byte: a status');
    like($t->error_log, qr/RC0022: sh ended with status 3: broken/, '... and its words in the log');
    is($t->get('/_echo/produce/killed')->status, 500, 'killed');
    is_cut(answer(get('fail-late')), 'after its first byte: the answer is cut');
    is($t->get('/_echo/produce/silent')->status, 503, 'a deadline');
    is_gone(slurp(in_tmp('pid')) + 0, '... passed');

    my @clients = map { get('bad?name=g') } 1 .. 3;
    hear($_, qr/first/) for @clients;
    spew(in_tmp('go'), '');
    is_cut(answer($_), 'all who have begun are cut') for @clients;
    is(count('runs'), 1, '... by one failure');
    forget();
    @clients = map { get('mute-bad?name=h') } 1 .. 3;
    patiently(5, sub { count('runs') });
    sleep 0.3; # so that the others follow
    spew(in_tmp('go'), '');
    is(answer($_)->{status}, 500, 'all others get a status') for @clients;
    is(parts(), 0, 'no part is left');
    is(scalar(() = glob $t->dir . '/cache/rcapi-[gh]*'), 0, 'nothing is kept');
    forget();

    my $cut = answer(get("large?max=1000000&name=i"));
    ok(!$cut->{whole} && length $cut->{body} <= 1_010_000, 'more than the limit: never whole');
    is(length $t->get('/_echo/produce/large?max=15000000')->body, $LARGE, 'within the limit');
    forget();
}

# The program writes more than the sockets hold before it reads; the client reads when its body is sent.
subtest 'a body, and a client that does not read yet' => sub {
    server(directives => "SendBufferSize 8192\n");
    my $size = 6_000_000;
    my $body = 'x' x $size;
    my $client = client("POST /_echo/loud HTTP/1.1\r\nHost: x\r\nContent-Length: $size\r\nConnection: close\r\n\r\n",
        4096);
    my $sent = 0;
    patiently(20, sub {
        vec(my $ready = '', fileno $client->{socket}, 1) = 1;
        $sent += send($client->{socket}, substr($body, $sent, 65536), Socket::MSG_DONTWAIT()) // 0
            if select undef, $ready, undef, 0.1;
        return $sent == $size;
    });
    is($sent, $size, 'all of its body is read');
    like(answer($client)->{body}, qr/\b$size\n/, '... and it gets the answer');
    $t->done;
};

subtest 'clients that do not read hold no thread' => sub {
    server(mpm => 'event', threads => 2, directives => "Timeout 60\nAsyncRequestWorkerFactor 10\n");
    my @clients = map { get('large', 4096) } 1 .. 6;
    ok(patiently(20, sub { count('done') == 6 }), 'six programs end, with two threads');
    is($t->call(test => { args => 'x' })->{error}, undef, 'and the server answers');
    my $whole = 0;
    $whole += length(answer($_)->{body}) == $LARGE for @clients;
    is($whole, 6, 'all get their answers');
    forget();
    $t->done;
};

# The end of the request that made the answer is not the end of its file.
subtest 'a clone by a slow client' => sub {
    server(mpm => 'event', threads => 1, module => 'mod_rcapi.so',
        directives => "Timeout 60\nAsyncRequestWorkerFactor 10\n");
    my $repo = $t->repo('much', build => sub {
        my ($work) = @_;
        srand 1; # bytes that do not compress, more than the sockets hold
        spew("$work/blob", pack 'N*', map { int rand 2**32 } 1 .. $LARGE / 4);
        RCAPI::Git::git($work, 'add', 'blob');
        RCAPI::Git::git($work, qw(commit -q -m blob));
    }, args => { enable_locking => JSON::PP::true() });
    my ($tip) = $t->git($repo->{path}, qw(rev-parse HEAD)) =~ /(\w+)/;
    my $body = "0032want $tip\n00000009done\n";
    my $client = client("POST /much/git-upload-pack HTTP/1.0\r\n"
        . "X-Api-Key: ${\ $t->key('admin')}\r\nContent-Type: application/x-git-upload-pack-request\r\n"
        . "Content-Length: ${\ length $body}\r\n\r\n$body", 4096);
    ok(patiently(20, sub { !parts() && (() = glob $t->dir . '/cache/rcapi-*.fetch') }), 'git has written all of it');
    # httpd may not accept for a while who connects at the moment when its last busy thread becomes free.
    sleep 1;
    is($t->call(test => { args => 'x' })->{error}, undef, 'the only thread is free');
    my $answer = hear($client) =~ s/\A.*?\r\n\r\n0008NAK\n//sr;
    spew($t->dir . '/scratch/pack', $answer);
    is(run({ root => 1 }, qw(git -C), $repo->{path}, qw(index-pack --strict -o), $t->dir . '/scratch/idx',
        $t->dir . '/scratch/pack')->{exit}, 0, 'the client has it') or diag length $answer;
    like($t->sql('SELECT action FROM journal'), qr/^pull\npull_lock$/m, 'it was a whole pull');
    $t->done;
};

subtest 'a client that takes nothing' => sub {
    server(mpm => 'worker');
    my $client = get('stuck', 4096);
    ok(patiently(5, sub { count('pid') }), 'of a program that does not end');
    is_gone(slurp(in_tmp('pid')) + 0, 'after the Timeout of httpd');
    close $client->{socket};
    forget();
    $t->done;
};

subtest 'a server that stops at once' => sub {
    server(mpm => 'event');
    my $client = get('gate');
    like(hear($client, qr/first/), qr/first/, 'in the middle');
    my $from = time;
    $t->stop;
    cmp_ok(time - $from, '<', 5 * slow(), 'takes no long');
    forget();
    $t->done;
};

# Between the file and the client are other filters, which wait for it.
sub through {
    my ($scheme, @curl) = @_;
    my $file = $t->dir . '/scratch/answer';
    my $fetch = sub {
        my ($what) = @_;
        return run({ root => 1, timeout => 60 }, qw(curl -sk), @curl, '-o', $file, '-w',
            '%{http_code} %{http_version}', "$scheme://127.0.0.1:${\ $t->port}/_echo/produce/$what");
    };
    is($fetch->('large')->{out}, $scheme eq 'https' ? '200 1.1' : '200 2', 'much');
    is(-s $file, $LARGE, '... all of it');
    spew(in_tmp('go'), '');
    is($fetch->('gate?name=k')->{exit}, 0, 'a little');
    is(slurp($file), $FULL->{body}, '... its output');
    isnt($fetch->('fail-late')->{exit}, 0, 'a cut answer');
    like($fetch->('fail')->{out}, qr/^500 /, 'a status');
    forget();
    $t->done;
}

subtest 'TLS' => sub {
    server(start => 0, modules => ['ssl']);
    $t->{server}{config} .= $t->tls // plan skip_all => 'openssl makes no certificate';
    $t->start;
    through('https', '--http1.1');
};

subtest 'HTTP/2' => sub {
    server(modules => ['http2'], directives => "Protocols h2c http/1.1\n");
    through('http', '--http2-prior-knowledge');
};

subtest 'the limit of temporary files' => sub {
    server(directives => "RcapiTempMax 15000000\n");
    is(length $t->get('/_echo/produce/large')->body, $LARGE, "below it: $_") for 1 .. 3;
    my $client = get('large', 4096);
    ok(patiently(20, sub { count('done') == 4 }), 'bytes that a client has not read');
    my $a = answer(get('large'));
    ok(!$a->{whole}, 'count');
    hear($client);
    ok(patiently(5, sub { answer(get('large'))->{whole} }), '... until it has');
    is($t->get("/_echo/produce/large?name=x$_")->status, 200, 'files of the cache count while they grow') for 1 .. 3;
    forget();
    $t->done;
};
done_testing;
