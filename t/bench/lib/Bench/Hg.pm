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
use Bench::Views;
use IPC::Open2 ();
use RCAPI::HTTP;
use RCAPI::Run qw(run);
require RCAPI::Hg; # its import is for tests
use Time::HiRes qw(time);

my $CHANGESETS = 1000;
my $FILES = 60;
my $LINES = 200;

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
    my @text = map { my $file = $_; [map { "line $_ of file $file, made once\n" } 1 .. $LINES] } 0 .. $FILES - 1;
    my @commits = ({ files => { 'small.txt' => { data => 'x' x 1000 . "\n" },
        map { ("file$_.c" => { data => join '', @{ $text[$_] } }) } 0 .. $FILES - 1 } });
    for my $i (1 .. $CHANGESETS - 1) {
        my $file = $i * 7 % $FILES;
        $text[$file][$i * 31 % $LINES] = "changed in $i\n";
        push @commits, { files => { "file$file.c" => { data => join '', @{ $text[$file] } } } };
    }
    RCAPI::Hg::hg('init', $path);
    RCAPI::Hg::build($path, @commits);
    $bench->{hg} = { path => $path, revisions => [map { $_ * 17 % $CHANGESETS } 1 .. 40] };
}

# --- what is asked

sub _path { my ($bench, $view) = @_; return "/rc/hg/$view?" . Bench::Views::key($bench) }
sub _small { my ($bench) = @_; return [GET => _path($bench, 'raw/' . ($CHANGESETS - 1) . '/small.txt'), {}] }

sub _changesets {
    my ($bench) = @_;
    my $key = $bench->{data}->key(2);
    return RCAPI::HTTP::request($bench->{server}{port}, POST => '/rc/_admin/api', body => qq({"id":1,"api_key":"$key",)
        . qq("method":"get_repo_changesets","args":{"repoid":"hg","start_rev":"0","limit":$CHANGESETS}}));
}

sub check {
    my ($bench) = @_;
    my $hg = $bench->{hg} or return;
    my $diff = Bench::Views::send_one($bench, [GET => _path($bench, 'changeset-diff/500'), {}]);
    die "hg: diff\n" if $diff->body ne RCAPI::Hg::hg('-R', $hg->{path}, 'diff', '--git', '-p', '-c', 500);
    die "hg: raw\n" if Bench::Views::send_one($bench, _small($bench))->body ne 'x' x 1000 . "\n";
    my $list = _changesets($bench)->json->{result};
    die "hg: changesets\n" if ref $list ne 'ARRAY' || @$list != $CHANGESETS;
}

# --- loads

# One request and one process for each changeset: times, and how often ours fits into the other.
sub _pairs {
    my ($bench, $host, $view, @program) = @_;
    my $lines = join '', map { "$_ " . _path($bench, sprintf $view, $_) . "\n" } @{ $bench->{hg}{revisions} };
    local %ENV = (%ENV, HGRCPATH => '', HGPLAIN => 1, LC_ALL => 'C.UTF-8');
    my $r = run({ stdin => $lines, timeout => 300 }, "$bench->{dir}/bin/pairs", $bench->{server}{port}, $host,
        @program);
    die "pairs: $r->{err}" if $r->{exit} || $r->{signal};
    my @pairs = map { [split] } split /\n/, $r->{out};
    return { ratio => Bench::Table::median(map { $_->[1] / $_->[0] } @pairs),
        p50 => Bench::Table::median(map { $_->[0] } @pairs), peer => Bench::Table::median(map { $_->[1] } @pairs) };
}

sub _timed {
    my ($code) = @_;
    my $begin = time;
    $code->();
    return 1e6 * (time - $begin);
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
        _timed(sub { print $to "runcommand\n", pack('N/a*', $args); _until_result($from) });
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
        requests => [map { [GET => _path($bench, "changeset-diff/$_"), {}] } @{ $hg->{revisions} }]);
    $load->add('hg archive', code => sub {
        _pairs($bench, 'uncached', 'archive/%s.tar', 'hg', '-R', $hg->{path}, 'archive', '-t', 'tar', '-', '-r') });
    $load->add('hg log', code => sub {
        my $ours = Bench::Table::median(map { _timed(sub { _changesets($bench) }) } 1 .. 3);
        my $log = _timed(sub { RCAPI::Hg::hg('-R', $hg->{path}, 'log') });
        return { ratio => $log / $ours, p50 => $ours, peer => $log } });
    $load->add('hg raw', connections => 16, requests => [_small($bench)]);
    $load->add('hg raw git', connections => 16,
        requests => Bench::Views::ours($bench, $bench->{files}, "raw/$bench->{files}{ids}[0]", 'small.txt'));
}

# --- the table

sub _note {
    my ($load, $name, $peer) = @_;
    return sprintf '%.3g ms, %s %.3g ms', Bench::Table::median($load->values($name, 'p50')) / 1000, $peer,
        Bench::Table::median($load->values($name, 'peer')) / 1000;
}

sub report {
    my ($bench, $load) = @_;
    my $table = $bench->{table};
    $table->head("Mercurial, $CHANGESETS changesets");
    return $table->skip('all', _missing($bench)) if !$bench->{hg};
    for my $row (['diff', 'raw diff, faster than hg diff', 30, 'hg'],
            ['log', 'get_repo_changesets of all, faster than hg log', 20, 'hg'],
            ['archive', 'first tar, faster than hg archive', 2, 'hg']) {
        my ($name, $what, $budget, $peer) = @$row;
        $table->row($what, [$load->values("hg $name", 'ratio')], '>=', $budget, format => '%.1f',
            note => _note($load, "hg $name", $peer));
    }
    $table->row('raw diff, faster than a warm command server', [$load->ratios('hg served', 'hg one', 'p50')], '>=', 5,
        format => '%.1f', note => sprintf '%.3g ms, hg serve %.3g ms',
        map { Bench::Table::median($load->values($_, 'p50')) / 1000 } 'hg one', 'hg served');
    $table->row('raw file of 1 KB / git', [$load->ratios('hg raw', 'hg raw git', 'rate')], '>=', 0.5,
        note => Bench::Views::rate($load, 'hg raw') . ', git ' . Bench::Views::rate($load, 'hg raw git'));
}

1;
