# SPDX-License-Identifier: Apache-2.0
# Each fuzz target runs over the inputs in its folder, without changes of them: see t/fuzz/fuzz.mk.
use strict;
use warnings;
use File::Spec;
use Test::More;
use lib 't/lib';
use RCAPI::Run qw(run);

my $build = File::Spec->rel2abs($ENV{RCAPI_BUILD} // 'build');
my %ENV_OF_TARGET = (ASAN_OPTIONS => 'handle_abort=1', UBSAN_OPTIONS => 'halt_on_error=1:print_stacktrace=1');
my @names = map { m{fuzz_(\w+)\.c$} } glob 't/fuzz/fuzz_*.c';
@names = grep { !/^(?:hg|face_hg|svn)$/ || -e "$build/fuzz/$_" } @names; # a build without their libraries has none

ok(@names, 'there are targets');
for my $name (@names) {
    my @inputs = glob "t/fuzz/$name/*";
    my $r = run({ root => 1, env => \%ENV_OF_TARGET }, "$build/fuzz/$name", '-max_total_time=0', "t/fuzz/$name");
    my ($ran) = $r->{out} =~ /^(\d+) inputs, /m;
    ok(@inputs && !$r->{exit} && !$r->{signal} && ($ran // -1) == @inputs, $name) or diag($r->{out}, $r->{err});
}
done_testing;
