# SPDX-License-Identifier: Apache-2.0
package Bench::Hg;

=head1 NAME

Bench::Hg - views and calls of a Mercurial repository beside hg, its command server, and git's files

=head1 SYNOPSIS

    Bench::Hg::repositories($bench);   # before the database is made
    Bench::Hg::check($bench);
    Bench::Hg::loads($bench, $load);
    Bench::Hg::report($bench, $load);

Of 1,000 changesets, each of which changes one of 60 files of 200 lines.

=cut

use strict;
use warnings;
use Bench::Table;
use Bench::Type;
use IPC::Open2 ();
use RCAPI::Run qw(run);
require RCAPI::Hg; # its import is for tests

my $CHANGESETS = $Bench::Type::COMMITS;
my $SMALL = 'raw/' . ($CHANGESETS - 1) . '/small.txt';
my %ALL = (start_rev => '0');

# Why there is nothing to measure; undef: there is.
sub _missing {
    my ($bench) = @_;
    return 'built without libzstd' if !RCAPI::Hg::built("$bench->{dir}/bin/mod_rcapi.so");
    return 'hg is not installed' if run({}, 'hg', '--version', '-q')->{exit};
    return;
}

sub repositories {
    my ($bench) = @_;
    return if _missing($bench);
    my $path = "$bench->{dir}/data/repos/hg";
    my $texts = Bench::Type::texts();
    my @commits = ({ files => { 'small.txt' => { data => Bench::Type::small() },
        map { ("file$_.c" => { data => join '', @{ $texts->[$_] } }) } 0 .. $#$texts } });
    for my $i (1 .. $CHANGESETS - 1) {
        my $file = Bench::Type::change($texts, $i);
        push @commits, { files => { "file$file.c" => { data => join '', @{ $texts->[$file] } } } };
    }
    RCAPI::Hg::hg('init', $path);
    RCAPI::Hg::build($path, @commits);
    $bench->{hg} = { path => $path, revisions => [map { $_ * 17 % $CHANGESETS } 1 .. 40] };
}

sub check {
    my ($bench) = @_;
    my $hg = $bench->{hg} or return;
    my $diff = Bench::Type::get($bench, 'hg', 'changeset-diff/500');
    die "hg: diff\n" if $diff->body ne RCAPI::Hg::hg('-R', $hg->{path}, 'diff', '--git', '-p', '-c', 500);
    die "hg: raw\n" if Bench::Type::get($bench, 'hg', $SMALL)->body ne Bench::Type::small();
    my $list = Bench::Type::changesets($bench, 'hg', \%ALL)->json->{result};
    die "hg: changesets\n" if ref $list ne 'ARRAY' || @$list != $CHANGESETS;
}

# --- loads

sub _pairs {
    my ($bench, @args) = @_;
    local %ENV = (%ENV, HGRCPATH => '', HGPLAIN => 1, LC_ALL => 'C.UTF-8');
    return Bench::Type::pairs($bench, 'hg', @args);
}

# Reads what the command server sends until it has done one thing.
sub _until_result {
    my ($from) = @_;
    while (read($from, my $head, 5) == 5) {
        my ($channel, $len) = unpack 'aN', $head;
        read($from, my $data, $len);
        return if $channel eq 'r';
    }
    die "hg serve ended\n";
}

# The time of one diff by a command server that is warm.
sub _served {
    my ($bench) = @_;
    local %ENV = (%ENV, HGRCPATH => '', HGPLAIN => 1, LC_ALL => 'C.UTF-8');
    my $pid = IPC::Open2::open2(my $from, my $to, 'hg', '-R', $bench->{hg}{path}, 'serve', '--cmdserver', 'pipe');
    binmode $_ for $from, $to;
    $to->autoflush(1);
    read($from, my $head, 5);
    read($from, my $hello, (unpack "aN", $head)[1]);
    my @times = map {
        my $args = join "\0", 'diff', '--git', '-c', $_;
        Bench::Type::timed(sub { print $to "runcommand\n", pack('N/a*', $args); _until_result($from) });
    } @{ $bench->{hg}{revisions} };
    close $to;
    waitpid $pid, 0;
    return Bench::Table::median(@times);
}

sub loads {
    my ($bench, $load) = @_;
    my $hg = $bench->{hg} or return;
    $load->add('hg diff', code => sub {
        _pairs($bench, '127.0.0.1', 'changeset-diff/%s', 'hg', '-R', $hg->{path}, 'diff', '--git', '-c') });
    # both sides keep one connection
    $load->add('hg served', code => sub { { p50 => _served($bench) } });
    $load->add('hg one', connections => 1,
        requests => [map { [GET => Bench::Type::path($bench, 'hg', "changeset-diff/$_"), {}] } @{ $hg->{revisions} }]);
    $load->add('hg archive', code => sub {
        _pairs($bench, 'uncached', 'archive/%s.tar', 'hg', '-R', $hg->{path}, 'archive', '-t', 'tar', '-', '-r') });
    $load->add('hg log', code => sub {
        Bench::Type::list_beside($bench, 'hg', \%ALL, sub { RCAPI::Hg::hg('-R', $hg->{path}, 'log') }) });
    Bench::Type::raw_loads($bench, $load, 'hg', $SMALL);
}

sub report {
    my ($bench, $load) = @_;
    my $table = $bench->{table};
    $table->head("Mercurial, $CHANGESETS changesets");
    return $table->skip('all', _missing($bench)) if !$bench->{hg};
    Bench::Type::report($bench, $load, 'hg', ['diff', 'raw diff, faster than hg diff', 30, 'hg'],
        ['log', 'get_repo_changesets of all, faster than hg log', 20, 'hg'],
        ['archive', 'first tar, faster than hg archive', 2, 'hg']);
    $table->row('raw diff, faster than a warm command server', [$load->ratios('hg served', 'hg one', 'p50')], '>=', 5,
        format => '%.1f', note => sprintf '%.3g ms, hg serve %.3g ms',
        map { Bench::Table::median($load->values($_, 'p50')) / 1000 } 'hg one', 'hg served');
}

1;
