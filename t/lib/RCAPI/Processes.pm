# SPDX-License-Identifier: Apache-2.0
package RCAPI::Processes;

=head1 NAME

RCAPI::Processes - what programs a server runs while something happens

=head1 SYNOPSIS

    my ($httpd) = $t->children;
    my $seen = watch_processes($httpd, sub { $t->get('/')->status });
    $seen->{result};                      # what the code returned, a text
    $seen->{names}{'git upload-pack'};    # how often a program was seen: its name and first argument
    $seen->{peak};                        # KB of memory that the largest one had
    $seen->{texts};                       # arguments and environments of all, a line each
    children_of($httpd);                  # process ids of its children
    programs_of($httpd);                  # and of theirs, and so on
    programs_below($dir);                 # process ids of programs that work there: directory or arguments
    memory_peak($httpd);                  # KB

=cut

use strict;
use warnings;
use Exporter 'import';
use POSIX ();
use RCAPI::Run qw(slurp);
use Time::HiRes qw(sleep);

our @EXPORT = qw(children_of memory_peak programs_below programs_of watch_processes);

sub programs_of {
    my ($pid) = @_;
    my @found = ($pid);
    for (my $i = 0; $i < @found; $i++) {
        push @found, children_of($found[$i]);
    }
    return @found[1 .. $#found];
}

# Process ids of the children of $pid that have not ended. The kernel's lists may lack one while another one
# ends; without them all processes are looked at.
sub children_of {
    my ($pid) = @_;
    my @lists = glob "/proc/$pid/task/*/children";
    my @all = @lists ? map({ split ' ', slurp($_) } @lists) : map { /(\d+)/ } glob '/proc/[0-9]*';
    return grep { slurp("/proc/$_/stat") =~ /^\d+ \(.*\) [^ZX] $pid /s } @all;
}

sub programs_below {
    my ($dir) = @_;
    return grep {
        my $text = join "\0", slurp("/proc/$_/cmdline"), readlink("/proc/$_/cwd") // '', '';
        $text =~ m{\Q$dir\E[/\0]};
    } map { m{(\d+)} } glob '/proc/[0-9]*';
}

sub memory_peak {
    my ($pid) = @_;
    return slurp("/proc/$pid/status") =~ /^VmHWM:\s*(\d+) kB/m ? $1 : 0;
}

# Runs $code in a process of its own, and looks at the programs below $pid until it ends.
sub watch_processes {
    my ($pid, $code) = @_;
    pipe my $out, my $in or die "pipe: $!";
    my $worker = fork // die "fork: $!";
    if (!$worker) {
        syswrite $in, eval { $code->() } // $@;
        POSIX::_exit(0);
    }
    close $in;
    my $seen = { names => {}, peak => 0, texts => '' };
    my $own = slurp("/proc/$pid/cmdline");
    until (waitpid($worker, POSIX::WNOHANG()) == $worker) {
        _look($seen, $_, $own) for programs_of($pid);
        sleep 0.002;
    }
    local $/;
    $seen->{result} = <$out>;
    return $seen;
}

# Not at a copy of the server that is going to become a program.
sub _look {
    my ($seen, $pid, $own) = @_;
    my ($args, $env) = map { slurp("/proc/$pid/$_") } qw(cmdline environ);
    return if $args eq '' || $args eq $own;
    my $peak = memory_peak($pid);
    my $text = "$args\n$env\n" =~ tr/\0/\n/r;
    $seen->{names}{ join ' ', grep { defined } (split /\0/, $args)[0, 1] }++;
    $seen->{peak} = $peak if $peak > $seen->{peak};
    $seen->{texts} .= $text if index($seen->{texts}, $text) < 0;
}

1;
