#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# A farm: a hundred clients that ask for the same at once, and a server with sixteen threads. One program
# runs; those who wait for its output hold no thread under the event MPM, whatever happens to it, to the
# request that runs it, to other clients and to the server. The scripts are those of t/lib/face_echo.c;
# they wait for the file "go".
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA;
use IO::Poll qw(POLLIN);
use POSIX ();
use Socket qw(SOL_SOCKET SO_RCVBUF sockaddr_in inet_aton);
use Test::More;
use Time::HiRes qw(sleep time);

use RCAPI::GitClient;
use RCAPI::HTTP;
use RCAPI::Run qw(patiently run slow slurp spew);
use RCAPI::Test;

my $FARM = 100;
my $WINDOW = 16384; # of clients that are slow to read
my $LARGE = 600_000; # the answer of gate-large
my $t;
$SIG{PIPE} = 'IGNORE';

sub server {
    my (%opt) = @_;
    my $event = ($opt{mpm} //= 'event') eq 'event' ? "AsyncRequestWorkerFactor 10\nServerLimit 4\n" : '';
    my $more = delete $opt{directives} // '';
    $t = RCAPI::Test->new(children => 2, threads => 8, %opt,
        directives => "Timeout 20\nSendBufferSize 131072\nRcapiArchiveCache cache 300M\n$event$more");
}

sub in_tmp { $t->dir . "/tmp/$_[0]" }
sub lines { my ($file) = @_; -e in_tmp($file) ? split /\n/, slurp(in_tmp($file)) : () }
sub runs { scalar(my @lines = lines('runs')) }
sub forget { unlink map { in_tmp($_) } qw(go runs pid) }
sub parts { scalar(() = glob $t->dir . '/cache/rcapi-*.part') }

# Connections that have sent $request; those that are slow to read have a small window.
sub clients {
    my ($n, $request, $window) = @_;
    my @clients;
    for (1 .. $n) {
        socket(my $socket, Socket::AF_INET(), Socket::SOCK_STREAM(), 0) or die "socket: $!";
        setsockopt $socket, SOL_SOCKET, SO_RCVBUF, $window if $window;
        connect $socket, sockaddr_in($t->port, inet_aton('127.0.0.1')) or die "connect: $!";
        syswrite $socket, $request;
        push @clients, { socket => $socket, head => '', size => 0, sha => Digest::SHA->new(1), tail => '' };
    }
    return @clients;
}

sub get {
    my ($n, $what, $window) = @_;
    return clients($n, "GET /_echo/produce/$what HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", $window);
}

# Takes what has come for one client: its head, and of its body the size, the digest and the last bytes.
sub take {
    my ($client) = @_;
    if (!sysread $client->{socket}, my $bytes, 1 << 18) {
        $client->{over} = time;
    } else {
        if (!$client->{body}) {
            $client->{head} .= $bytes;
            ($client->{head}, $bytes) = split /(?<=\r\n\r\n)/, $client->{head}, 2;
            $client->{body} = defined $bytes or return;
        }
        $client->{size} += length $bytes;
        $client->{sha}->add($bytes);
        $client->{tail} = substr $client->{tail} . $bytes, -200;
    }
}

# Reads from all until $enough says so of each, or it is over; returns how many that are.
sub hear {
    my ($enough, @clients) = @_;
    my %of = map { fileno $_->{socket} => $_ } @clients;
    my $ready = sub { my ($client) = @_; $client->{over} || $enough->($client) };
    patiently(20, sub {
        my $poll = IO::Poll->new;
        my @wait = grep { !$ready->($_) } @clients or return 1;
        $poll->mask($_->{socket} => POLLIN) for @wait;
        $poll->poll(0.1);
        take($of{ fileno $_ }) for $poll->handles(POLLIN | IO::Poll::POLLHUP());
        return 0;
    });
    return scalar grep { $ready->($_) } @clients;
}

sub has { my ($text) = @_; sub { $_[0]{tail} =~ $text } }
sub all_of { hear(sub { 0 }, @_) }

# How the answers ended: { kind => number of clients }.
sub kinds {
    my %kinds;
    all_of(@_);
    for my $client (@_) {
        close $client->{socket};
        my ($status) = $client->{head} =~ m{\AHTTP/1\.1 (\d+)};
        my $cut = $client->{head} =~ /^Transfer-Encoding: chunked/mi && $client->{tail} !~ /(?:\A|\r\n)0\r\n\r\n\z/;
        $kinds{ !$client->{over} ? 'open' : !$status ? 'none' : $cut ? 'cut' : $status }++;
    }
    return \%kinds;
}

# The API answers meanwhile: a new connection each, as a farm's are. Who held all threads would do so until the gate
# opens.
sub is_free {
    my ($what) = @_;
    my @took = sort { $a <=> $b } map {
        my $from = time;
        defined $t->call(test => { args => 'x' })->{error} ? 999 : time - $from;
    } 1 .. 20;
    ok($took[10] < 0.5 * slow() && $took[-1] < 5 * slow(), "$what: calls are answered")
        or diag "median $took[10] s, longest $took[-1] s";
    note(sprintf '%s: median %.1f ms, longest %.1f ms', $what, map { 1000 * $_ } @took[10, -1]);
}

# Descriptors, and memory that is theirs alone in KiB, of httpd's children.
sub descriptors { my $n = 0; $n += () = glob "/proc/$_/fd/*" for $t->children; return $n }

sub memory {
    my $sum = 0;
    $sum += $_ for map { slurp("/proc/$_/smaps_rollup") =~ /^Private_Dirty:\s*(\d+)/m } $t->children;
    return $sum;
}

server(module => 't/mod_rcapi_echo.so');

subtest 'a hundred clients' => sub {
    my ($first) = get(1, 'gate?name=a');
    hear(has(qr/first/), $first);
    my ($files, $memory) = (descriptors(), memory());
    my @others = get($FARM - 1, 'gate?name=a');
    is(hear(has(qr/first/), @others), $FARM - 1, 'all have the first bytes, with sixteen threads');
    is_free('a hundred wait');
    my $each = (memory() - $memory) / @others;
    cmp_ok($each, '<', 256, 'each takes less than 256 KiB') unless $ENV{RCAPI_PRELOAD};
    note(sprintf '%.0f KiB, %.1f descriptors each', $each, (descriptors() - $files) / @others);
    spew(in_tmp('go'), '');
    is_deeply(kinds($first, @others), { 200 => $FARM }, 'all of it');
    is(runs(), 1, 'the program ran once');
    close $_->{socket} for $first, @others;
    ok(patiently(5, sub { descriptors() < $files + 5 }), 'their descriptors, too') or diag descriptors() . " $files";
    is(scalar(() = slurp($t->dir . '/logs/access_log') =~ m{"GET /_echo/produce/gate\?name=a HTTP/1.1" 200 }g), $FARM,
        'the log has them');
    forget();
};

subtest 'clients that leave' => sub {
    my ($first) = get(1, 'gate?name=b');
    hear(has(qr/first/), $first);
    my @others = get(40, 'gate?name=b');
    is(hear(has(qr/first/), @others), 40, 'forty follow');
    my $files = descriptors();
    close $_->{socket} for $first, splice @others, 0, 20;
    ok(patiently(5, sub { descriptors() < $files - 40 }), 'half of them leave, and the first one');
    is(parts(), 1, 'the program goes on');
    spew(in_tmp('go'), '');
    is_deeply(kinds(@others), { 200 => 20 }, 'the others get all of it');
    is(runs(), 1, 'it ran once');
    forget();
    my ($ticks, @more) = get(9, 'ticks?name=c');
    hear(has(qr/tick/), $ticks, @more);
    close $_->{socket} for $ticks, @more;
    ok(patiently(5, sub { !kill 0, slurp(in_tmp('pid')) }), 'all leave: the program ends');
    ok(patiently(5, sub { !parts() }), '... and its part');
    forget();
};

subtest 'a program that is killed' => sub {
    my @clients = get(1, 'ticks?name=d');
    hear(has(qr/tick/), @clients);
    push @clients, get(40, 'ticks?name=d');
    is(hear(has(qr/tick/), @clients), 41, 'in the middle');
    kill KILL => slurp(in_tmp('pid'));
    is_deeply(kinds(@clients), { cut => 41 }, 'all answers are cut');
    forget();
    @clients = get(1, 'mute-bad?name=e');
    patiently(5, sub { runs() });
    push @clients, get(40, 'mute-bad?name=e');
    is_free('forty have nothing yet');
    spew(in_tmp('go'), '');
    is_deeply(kinds(@clients), { 500 => 41 }, 'before the first byte: all get a status');
    is(runs(), 1, '... by one failure');
    forget();
};

subtest 'the process of the first one is killed' => sub {
    my @clients = get(1, 'mute?name=f');
    patiently(5, sub { runs() });
    push @clients, get(30, 'mute?name=f');
    is_free('thirty have nothing yet');
    kill KILL => lines('runs');
    ok(patiently(5, sub { runs() == 2 }), 'one of the other process runs the program again');
    spew(in_tmp('go'), '');
    my $kinds = kinds(@clients);
    cmp_ok($kinds->{200} // 0, '>', 0, 'its clients get all of it');
    is(($kinds->{200} // 0) + ($kinds->{none} // 0), 31, 'those of the other one lose their connections') or
        diag explain $kinds;
    is(runs(), 2, 'it ran once more');
    forget();
};

subtest 'slow readers' => sub {
    my @clients = get(1, 'gate-large?name=g');
    hear(has(qr/first/), @clients);
    my @slow = get(30, 'gate-large?name=g', $WINDOW);
    push @clients, get(30, 'gate-large?name=g');
    is(hear(has(qr/first/), @clients, @slow), 61, 'half of them');
    spew(in_tmp('go'), '');
    is_deeply(kinds(@clients), { 200 => 31 }, 'the fast ones get all of it');
    is_free('thirty do not read');
    is_deeply(kinds(@slow), { 200 => 30 }, 'the slow ones get all of it, later');
    is(scalar(grep { $_->{size} > $LARGE } @slow), 30, '... to the last byte');
    forget();
};

subtest 'a graceful restart' => sub {
    my @clients = get(1, 'gate?name=h');
    hear(has(qr/first/), @clients);
    push @clients, get(40, 'gate?name=h');
    is(hear(has(qr/first/), @clients), 41, 'in the middle');
    my @old = $t->children;
    kill USR1 => $t->{server}->pid;
    ok(patiently(10, sub { $t->error_log =~ /(?:resuming normal operations.*){2}/s }), 'a new generation');
    is_free('the old one still waits');
    spew(in_tmp('go'), '');
    is_deeply(kinds(@clients), { 200 => 41 }, 'the old one sends all of it');
    ok(patiently(10, sub { !grep { kill 0, $_ } @old }), '... and ends');
    forget();
};

subtest 'a stop at once' => sub {
    my @lost = get(1, 'mute?name=j');
    patiently(5, sub { runs() });
    push @lost, get(20, 'mute?name=j');
    is_free('twenty have nothing yet');
    kill KILL => lines('runs');
    ok(patiently(5, sub { runs() == 2 }), 'one has taken over') or diag(runs(), ' runs: ', join ' ', lines('runs'));
    my @clients = get(1, 'gate?name=i');
    hear(has(qr/first/), @clients);
    push @clients, get(40, 'gate?name=i');
    is(hear(has(qr/first/), @clients), 41, 'in the middle');
    my $from = time;
    $t->stop;
    cmp_ok(time - $from, '<', 5 * slow(), 'takes no long');
    is_deeply(kinds(@clients), { cut => 41 }, 'the answers are cut');
    is_deeply(kinds(@lost), { none => 21 }, '... or do not come');
    forget();
};
$t->done;

subtest 'where httpd cannot suspend a connection' => sub {
    server(module => 't/mod_rcapi_echo.so', mpm => 'worker', children => 1, threads => 6);
    my @clients = get(1, 'gate?name=k');
    hear(has(qr/first/), @clients);
    push @clients, get(4, 'gate?name=k');
    hear(sub { grep { $_->{over} } @clients }, @clients);
    my ($refused) = grep { $_->{over} } @clients;
    like($refused->{head}, qr/ 503 .*^Retry-After: \d+\r$/ms, 'half of the threads wait, then clients are sent away');
    is_free('half of the threads wait');
    spew(in_tmp('go'), '');
    is_deeply(kinds(@clients), { 200 => 4, 503 => 1 }, 'the others get all of it');
    is(runs(), 1, 'the program ran once');
    forget();
    $t->done;
};

# --- TLS: what is encrypted waits in memory, so answers leave in slices

# A curl with a URL of the server; its pid. What it gets is counted in a file.
sub curl {
    my ($out, $path, @more) = @_;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    open STDOUT, '>', '/dev/null';
    exec qw(curl -skN --max-time 60 -o), $out, @more, "https://127.0.0.1:${\ $t->port}$path" or POSIX::_exit(127);
}

sub failures { scalar grep { waitpid($_, 0) != $_ || $? } @_ }

subtest 'TLS' => sub {
    server(module => 't/mod_rcapi_echo.so', start => 0, modules => ['ssl'], children => 1, threads => 4);
    $t->{server}{config} .= $t->tls // plan skip_all => 'openssl makes no certificate';
    $t->start;
    my @files = map { $t->dir . "/scratch/tls$_" } 1 .. 24;
    my @first = curl($files[0], '/_echo/produce/gate-large?name=t');
    patiently(10, sub { runs() });
    my @slow = map { curl($_, '/_echo/produce/gate-large?name=t', qw(--limit-rate 400k)) } @files[1 .. 8];
    my @fast = map { curl($_, '/_echo/produce/gate-large?name=t') } @files[9 .. 23];
    ok(patiently(20, sub { (grep { -s } @files) == @files }), 'twenty-four have the first bytes, with four threads');
    is(failures(curl('/dev/null', '/_echo/who')), 0, 'another request is answered') for 1 .. 5;
    spew(in_tmp('go'), '');
    is(failures(@first, @fast), 0, 'the fast ones get all of it');
    is(failures(curl('/dev/null', '/_echo/who')), 0, '... while the slow ones read');
    is(failures(@slow), 0, '... which get all of it, too');
    is((grep { -s == $LARGE + 6 } @files), @files, 'to the last byte') or diag join ' ', map { -s } @files;
    is(runs(), 1, 'by one run');
    forget();
    @fast = map { curl($_, '/_echo/produce/bad?name=u', '-f') } @files;
    patiently(10, sub { runs() });
    sleep 0.3;
    spew(in_tmp('go'), '');
    is(failures(@fast), @files, 'cut answers are seen');
    forget();
    $t->done;
};

# --- git: a pipe in place of info/grafts, which git reads before it looks at a commit, is the gate

my $SIZE = 1_000_000; # of a file that does not compress, more than the sockets hold
server(module => 'mod_rcapi.so', directives => "RcapiMaintenance Off\n");
my $repo = $t->repo('many', build => sub {
    my ($work) = @_;
    srand 1;
    spew("$work/blob", pack 'N*', map { int rand 2**32 } 1 .. $SIZE / 4);
    RCAPI::Git::git($work, 'add', 'blob');
    RCAPI::Git::git($work, qw(commit -q -m blob));
});
my $gate = "$repo->{path}/info/grafts";

sub shut_gate {
    mkdir "$repo->{path}/info";
    POSIX::mkfifo($gate, 0666) or die "$gate: $!";
    chmod 0666, $gate;
}

# Lets through who waits at the gate, and everybody who comes later.
sub open_gate {
    rename $gate, "$gate.open" or die "$gate: $!";
    patiently(5, sub { sysopen my $pipe, "$gate.open", POSIX::O_WRONLY() | POSIX::O_NONBLOCK() });
    unlink "$gate.open";
}

# The processes of git that serve the repository.
sub programs {
    grep { slurp("/proc/$_/cmdline") =~ /\0upload-pack\0.*\Q$repo->{path}\E/ } map { m{(\d+)} } glob '/proc/[0-9]*';
}

sub pulls { $t->sql("SELECT count(*) FROM journal WHERE action = 'pull'") =~ s/\s//gr }

subtest 'a hundred clones' => sub {
    my ($tip) = $t->git($repo->{path}, qw(rev-parse HEAD)) =~ /(\w+)/;
    my $body = "0032want $tip\n00000009done\n";
    my $request = "POST /many/git-upload-pack HTTP/1.0\r\nContent-Type: application/x-git-upload-pack-request\r\n"
        . "Content-Length: ${\ length $body}\r\n\r\n$body";
    shut_gate();
    my @clients = clients($FARM - 10, $request);
    ok(patiently(5, sub { programs() }), 'git runs') or diag $t->error_log;
    push @clients, clients(10, $request, $WINDOW);
    is_free('a hundred wait');
    is(scalar(programs()), 1, 'once');
    open_gate();
    is(all_of(@clients), $FARM, 'all get their answers');
    my %sizes = map { $_->{size} => 1 } @clients;
    is(scalar keys %sizes, 1, '... of the same size') or diag explain \%sizes;
    my %digests = map { $_->{sha}->hexdigest => 1 } @clients;
    is(scalar keys %digests, 1, '... and the same');
    cmp_ok($clients[0]{size}, '>', $SIZE, '... with all of the file');
    is(pulls(), $FARM, 'the journal has a hundred pulls');
};

subtest 'git itself' => sub {
    my $visitor = RCAPI::GitClient->new($t);
    shut_gate();
    my @folders = map { $visitor->folder } 1 .. 12;
    my @pids = map {
        my $folder = $_;
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            my $r = $visitor->try($t->dir, 'clone', '-q', $visitor->url('many'), $folder);
            POSIX::_exit($r->{exit} || $r->{signal} ? 1 : 0);
        }
        $pid;
    } @folders;
    ok(patiently(20, sub { programs() }), 'twelve clones');
    sleep 0.5; # so that the others follow; if they come later, they take the answer from the cache
    is(scalar(programs()), 1, 'git runs once');
    open_gate();
    my $failed = 0;
    $failed += waitpid($_, 0) != $_ || $? != 0 for @pids;
    is($failed, 0, 'all succeed');
    like($visitor->try($_, 'fsck')->{exit}, qr/^0$/, 'whole') for $folders[0], $folders[-1];
};
$t->done;

done_testing;
