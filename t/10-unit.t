# SPDX-License-Identifier: Apache-2.0
# The C unit tests: each program is a subtest; what it printed is shown when it fails.
use strict;
use warnings;
use File::Spec;
use JSON::PP qw(decode_json encode_json);
use POSIX ();
use Test::More;
use lib 't/lib';
use RCAPI::Run qw(run slow slurp spew);
use RCAPI::Temp;

my $TIMEOUT = ($ENV{RCAPI_ROUNDS} // '') eq 'all' ? 1800 : 300;
my $AT_ONCE = 4;
my $build = File::Spec->rel2abs($ENV{RCAPI_BUILD} // 'build');
my $leaks = File::Spec->rel2abs('t/leaks.supp');
my $temp = RCAPI::Temp::dir();
my %first = map { ("test_$_" => 1) } qw(remote_fetch disk_transaction remote_http proc user child); # mostly waiting
my @names = map { m{(test_\w+)\.c$} } glob 't/unit/test_*.c';
@names = grep { !/^test_(?:svn|hg)_/ || -e "$build/unit/$_" } @names; # not built without a library
@names = ((grep { $first{$_} } @names), grep { !$first{$_} } @names);
my %running;

ok(@names, 'there are unit tests');
for my $name (@names) {
    wait_for_one() while keys %running >= $AT_ONCE;
    start($name);
}
wait_for_one() while %running;
subtest $_ => \&judge, $_ for @names;
done_testing;

# Runs one program in a process beside this one; what it did goes to a file.
sub start {
    my ($name) = @_;
    my $own = "$temp/$name";
    mkdir $own;
    my $pid = fork // die "fork: $!";
    return $running{$pid} = 1 if $pid;
    my %env = (CMOCKA_MESSAGE_OUTPUT => 'TAP', HOME => $own, TMPDIR => $own,
        UBSAN_OPTIONS => 'halt_on_error=1:print_stacktrace=1', RCAPI_SLOW => slow(),
        LSAN_OPTIONS => "suppressions=$leaks:print_suppressions=0");
    $env{LD_PRELOAD} = join ' ', $ENV{RCAPI_PRELOAD} || (), "$build/t/cheap.so" if $name ne 'test_secret'; # hashes
    spew("$temp/$name.json", encode_json(run({ root => 1, timeout => $TIMEOUT, env => \%env }, "$build/unit/$name")));
    POSIX::_exit(0);
}

sub wait_for_one {
    local $?;
    delete $running{ waitpid -1, 0 };
}

# A program must say that all its tests passed, and keep the plan that it printed.
sub judge {
    my ($name) = @_;
    my $r = decode_json(slurp("$temp/$name.json"));
    my ($plan) = $r->{out} =~ /^1\.\.(\d+)$/m;
    my $passed = () = $r->{out} =~ /^(?:ok |not ok \d+ # SKIP)/mg; # cmocka's way to say that it left one out
    my $failed = () = $r->{out} =~ /^not ok (?!\d+ # SKIP)/mg;
    my @left = map { s{.*/}{}r } glob "$temp/$name/*";

    is($r->{exit}, 0, 'exit code');
    is($r->{signal}, 0, 'no signal');
    ok($plan, 'has a plan');
    is($failed, 0, 'none failed');
    is($passed, $plan // 0, 'all passed');
    is("@left", '', 'leaves no file behind');
    diag($r->{out} =~ s/^ok .*\n//mgr, $r->{err}) if !Test::More->builder->is_passing;
}
