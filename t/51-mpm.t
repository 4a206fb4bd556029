# SPDX-License-Identifier: Apache-2.0
# Every MPM: many clients at once, graceful restarts and hard stops under load, children that end
# after a few connections; memory and open files of a child stay bounded.
use strict;
use warnings;
use lib 't/lib';
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use RCAPI::HTTP;
use RCAPI::Run qw(patiently rounds slow slurp spew);
use RCAPI::Test;

my $seed = $ENV{SEED} // 1;
note("SEED=$seed");
my $DIFF = '/r0/changeset-diff/tip';
my $KEY = 'k' x 40;
my $JSON = JSON::PP->new->utf8->canonical;
my $STOPS = $ENV{RCAPI_STOPS} || rounds(2, 3);
my $PAUSE = rounds(0.04, 0); # seconds
my $SLOW = $ENV{RCAPI_PRELOAD} ? 4 : 1; # a sanitizer's build does less in the same time

# --- a mix of requests; each is a text that says what is wrong, '' when nothing is

# httpd may take a connection in a child that is about to end by MaxConnectionsPerChild, and close it
# without a word (so does one without this module); a client then asks again.
our $again = 0; # so often

sub ask {
    my ($t, @request) = @_;
    my $a;
    for (0 .. $again) {
        $a = RCAPI::HTTP::request($t->port, @request);
        last if $a->{raw} ne '';
    }
    return $a;
}

sub post {
    my ($t, $method, $args) = @_;
    my $body = $JSON->encode({ id => 7, api_key => $KEY, method => $method, args => $args });
    my $a = ask($t, POST => '/_admin/api', body => $body);
    my $json = $a->json or return "no answer to $method: status $a->{status}, $a->{raw}";
    return defined $json->{error} || $json->{id} != 7 ? "$method: " . $a->body : '';
}

my %requests = (
    test => sub { post($_[0], test => { args => 'x' }) },
    read => sub { post($_[0], get_repo => { repoid => 'r0' }) },
    write => sub { post($_[0], update_user => { userid => 'admin', firstname => 'N' . int rand 1e6 }) },
    list => sub { post($_[0], get_users => {}) },
    refused => sub {
        my $status = ask($_[0], GET => '/none/changeset-diff/tip')->status;
        return $status == 401 || $status == 404 ? '' : "no such repository: status $status";
    },
    diff => sub {
        my ($t, $diff) = @_;
        my $a = ask($t, GET => $DIFF);
        return $a->status == 200 && $a->body eq $diff ? '' : "diff: status $a->{status}, " . length($a->body)
            . ' bytes';
    },
    head => sub {
        my ($t, $diff) = @_;
        my $a = ask($t, HEAD => $DIFF);
        return $a->status == 200 && $a->header('Content-Length') == length $diff && $a->body eq ''
            ? '' : "HEAD: status $a->{status}";
    },
);
my @MIX = (qw(test read write refused head), ('diff') x 3);

# Runs $clients processes, each with $n requests of the mix (for $n undef: until told to end; for 0:
# until one fails); $during->() meanwhile. What went wrong, a line each; how much was asked.
sub load {
    my ($t, $clients, $n, $diff, $during) = @_;
    my @files = map { $t->dir . "/scratch/load$_" } 1 .. $clients;
    my @pids = map {
        my $c = $_;
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            client($t, $files[$c], $n, $diff, $seed * 10 + $c);
            POSIX::_exit(0);
        }
        $pid;
    } 0 .. $#files;
    $during->() if $during;
    kill TERM => @pids unless $n;
    waitpid $_, 0 for @pids;
    my @lines = map { split /^/, slurp($_) } @files;
    unlink @files;
    my $asked = 0;
    my @wrong = grep { !(/^asked (\d+)$/ && ($asked += $1, 1)) } @lines;
    return (join('', @wrong), $asked);
}

sub client {
    my ($t, $file, $n, $diff, $start) = @_;
    srand $start;
    my $told;
    local $SIG{TERM} = sub { $told = 1 };
    my ($wrong, $i) = ('', 0);
    for (my $end = time + 120 * slow(); !$told && (!$n || $i < $n) && time < $end; $i++) {
        my $what = $MIX[rand @MIX];
        my $text = $requests{$what}->($t, $diff);
        sleep rand $PAUSE if !$n; # until the server ends it does not matter how many they are
        last if $text ne '' && defined $n && !$n;
        $wrong .= substr($text, 0, 300) =~ tr/\n/ /r . "\n" if $text ne '' && !$told && length $wrong < 3000;
    }
    spew($file, "${wrong}asked $i\n");
}

# --- what the kernel says of a process

sub anon { (slurp("/proc/$_[0]/status") =~ /^RssAnon:\s+(\d+) kB/m)[0] }

sub files {
    opendir my $dir, "/proc/$_[0]/fd" or return 0;
    return scalar grep { !/^\./ } readdir $dir;
}

sub new_server {
    my (%opt) = @_;
    my $t = RCAPI::Test->new(init => ['--api-key', $KEY], limit => 600, %opt);
    $t->repo('r0', commits => 30);
    my $diff = $t->get($DIFF)->body;
    like($diff, qr/^diff --git/, 'a diff to compare with');
    return ($t, $diff);
}

my @mpms = $ENV{MPM} || qw(event worker prefork);

# For debuggers: httpd as one process, which answers and ends by itself.
subtest 'httpd -X' => sub {
    my $t = RCAPI::Test->new(children => 1, threads => 2);
    $t->stop;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        %ENV = (%ENV, %{ $t->{server}{env} }); # a sanitizer must be loaded first
        exec $t->{server}{program}, '-X', '-d', $t->dir, '-f', $t->dir . '/httpd.conf' or POSIX::_exit(1);
    }
    ok patiently(20, sub { eval { $t->get('/_admin/login')->status == 200 } }), 'answers';
    kill TERM => $pid;
    waitpid $pid, 0;
    my @stacks = glob $t->dir . '/logs/crash.*';
    ok(!$? || scalar @stacks, 'ends without a signal, or with a stack for done to judge');
    $t->done;
};

for my $mpm (@mpms) {
    subtest $mpm => sub {
        my ($t, $diff) = new_server(mpm => $mpm, children => $mpm eq 'prefork' ? 6 : 3, threads => 4);
        is($t->must(test => { args => 'x' }), 'x', 'an API call');
        is($t->get($DIFF, method => 'HEAD')->header('Content-Length'), length $diff, 'HEAD');

        my ($wrong, $asked) = load($t, 6, rounds(30, 60) / $SLOW, $diff);
        is($wrong, '', "$asked requests at once");

        ($wrong, $asked) = load($t, 4, undef, $diff, sub {
            for (1 .. 3) {
                sleep 0.3 * $SLOW;
                $t->reload;
            }
            sleep 0.2;
        });
        is($wrong, '', "$asked requests, three graceful restarts: none failed");
        cmp_ok($asked, '>', 20, 'there was something to fail');

        for (1 .. $STOPS) { # what is on its way is lost, and must not take the child along
            (undef, $asked) = load($t, 4, 0, $diff, sub { sleep 0.5 * $SLOW; $t->stop });
            is($t->trouble, '', "stopped after $asked requests");
            $t->start;
        }
        (undef, $asked) = load($t, 4, 0, $diff, sub {
            sleep 0.5 * $SLOW;
            my $parent = $t->{server}->pid;
            kill WINCH => $parent;
            patiently(20, sub { !kill 0 => $parent });
        });
        $t->stop;
        is($t->trouble, '', "gracefully stopped after $asked requests");
        $t->start;
        is($t->must(get_repo => { repoid => 'r0' })->{repo_name}, 'r0', 'and started again');
        my $check = $t->try_admin('check');
        is("$check->{exit} $check->{out}$check->{err}", '0 ', 'rcapi-admin check finds nothing');
        $t->done;
    };

    subtest "$mpm: children come and go" => sub {
        my ($t, $diff) = new_server(mpm => $mpm, children => 2, threads => 4,
            directives => "MaxConnectionsPerChild 15\n");
        my %seen = map { $_ => 1 } $t->children;
        local $again = 4; # the next connection may go the same way
        my ($wrong, $asked) = load($t, 3, rounds(30, 60), $diff, sub {
            patiently(10, sub { $seen{$_} = 1 for $t->children; keys %seen > 2 });
        });
        $seen{$_} = 1 for $t->children;
        is($wrong, '', "$asked requests");
        cmp_ok(scalar(keys %seen), '>', 2, keys(%seen) . ' children');
        $t->done;
    };

    subtest "$mpm: memory and files of a child" => sub {
        my ($t, $diff) = new_server(mpm => $mpm, children => 1, threads => 8,
            directives => "RcapiDatabaseMax 2\nLogLevel warn rcapi:info\n");
        my $repos = $t->dir . '/data/repos';
        my $found = $t->run({ dir => "$repos/r0" }, 'find', qw(HEAD refs objects -printf), '%y %p\n')->{out};
        for my $i (1 .. 100) { # repositories with a history, without asking git for each
            $t->must(create_repo => { repo_name => "r$i", repo_type => 'git' });
            unlink "$repos/r$i/HEAD";
            for (split /\n/, $found) {
                my ($type, $path) = split / /, $_, 2;
                my $to = "$repos/r$i/$path";
                $type eq 'd' ? -d $to || mkdir $to : link "$repos/r0/$path", $to or die "$path: $!";
            }
        }
        my $clients = $mpm eq 'prefork' ? 1 : rounds(2, 4);
        my ($child, @more) = $t->children;
        is("@more", '', 'one child') or return;

        my $touch = sub {
            my @pids = map {
                my $c = $_;
                my $pid = fork // die "fork: $!";
                if (!$pid) {
                    my @order = map { ($_ * 37 + $c * 25) % 101 } 0 .. 100;
                    my @bad = grep { RCAPI::HTTP::request($t->port, GET => "/r$_/changeset-diff/tip")->body ne $diff }
                        @order;
                    POSIX::_exit(@bad ? 1 : 0);
                }
                $pid;
            } 1 .. $clients;
            my $bad = 0;
            for (@pids) {
                waitpid $_, 0;
                $bad++ if $?;
            }
            return $bad;
        };
        is($touch->(), 0, 'all 101 repositories answer');
        my $open = files($child);
        cmp_ok($open, '<=', 200, "$open files are open");
        is($touch->(), 0, 'again');
        cmp_ok(files($child), '<=', 200, 'no more than before, about');

        my $many = rounds($mpm eq $mpms[0] ? 200 : 100, 1600); # a thread's memory is the same in each MPM
        load($t, $clients, $many / $clients / $SLOW, $diff);
        my $before = anon($child);
        my ($wrong, $asked) = load($t, $clients, 2 * $many / $clients / $SLOW, $diff);
        is($wrong, '', "$asked requests");
        my $after = anon($child);
        my $grown = $after - $before;
        note("RssAnon $before kB, then $after kB; $open files");
      SKIP: {
            skip 'a sanitizer keeps what is freed', 1 if $ENV{RCAPI_PRELOAD};
            cmp_ok($grown, '<=', 384 + 2688 * $many / 1600, "$grown kB more after $asked requests");
        }
        is_deeply([$t->children], [$child], 'the child is the same');
        $t->done;
    } if $mpm ne 'worker' || @mpms == 1 || rounds(0, 1); # threads of worker are as event's
}

done_testing;
