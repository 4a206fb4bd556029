# SPDX-License-Identifier: Apache-2.0
package Bench::Svn;

=head1 NAME

Bench::Svn - views and calls of a Subversion repository beside svnlook, svn and git's files

=head1 SYNOPSIS

    Bench::Svn::repositories($bench);   # before the database is made
    Bench::Svn::check($bench);
    Bench::Svn::loads($bench, $load);
    Bench::Svn::report($bench, $load);

Of 1,000 revisions, each of which changes one of 60 files of 200 lines.

=cut

use strict;
use warnings;
use Bench::Table;
use Bench::Views;
use RCAPI::HTTP;
use RCAPI::Run qw(run);
require RCAPI::Svn; # its import is for tests
use Time::HiRes qw(time);

my $REVISIONS = 1000;
my $FILES = 60;
my $LINES = 200;

# Why there is nothing to measure; undef: there is.
sub _missing {
    my ($bench) = @_;
    return 'built without libsvn' if run({}, 'ldd', "$bench->{dir}/bin/mod_rcapi.so")->{out} !~ /\blibsvn_repos/;
    return 'svn is not installed' if run({}, 'svn', '--version', '-q')->{exit};
    return;
}

sub repositories {
    my ($bench) = @_;
    return if _missing($bench);
    my $path = "$bench->{dir}/data/repos/svn";
    my $dump = RCAPI::Svn->dump;
    my @text = map { my $file = $_; [map { "line $_ of file $file, made once\n" } 1 .. $LINES] } 0 .. $FILES - 1;
    $dump->revision(log => 'begin');
    $dump->dir('trunk');
    $dump->file('trunk/small.txt', 'x' x 1000 . "\n");
    $dump->file("trunk/file$_.c", join '', @{ $text[$_] }) for 0 .. $FILES - 1;
    for my $i (2 .. $REVISIONS) {
        my $file = $i * 7 % $FILES;
        $text[$file][$i * 31 % $LINES] = "changed in $i\n";
        $dump->revision(log => "change $i");
        $dump->edit("trunk/file$file.c", join '', @{ $text[$file] });
    }
    RCAPI::Svn::program({ timeout => 60 }, 'svnadmin', 'create', '--compatible-version', '1.9', $path);
    $dump->load($path);
    system('rm', '-rf', "$path/hooks");
    $bench->{svn} = { name => 'svn', path => $path, revisions => [map { $_ * 17 % $REVISIONS + 1 } 1 .. 60] };
}

# --- what is asked

sub _path { my ($bench, $view) = @_; return "/rc/svn/$view?" . Bench::Views::key($bench) }
sub _small { my ($bench) = @_; return [GET => _path($bench, "raw/$REVISIONS/trunk/small.txt"), {}] }

sub _changesets {
    my ($bench) = @_;
    my $key = $bench->{data}->key(2);
    return RCAPI::HTTP::request($bench->{server}{port}, POST => '/rc/_admin/api', body => qq({"id":1,"api_key":"$key",)
        . qq("method":"get_repo_changesets","args":{"repoid":"svn","start_rev":"1","limit":$REVISIONS,)
        . '"details":"extended"}}');
}

sub check {
    my ($bench) = @_;
    my $svn = $bench->{svn} or return;
    my $diff = Bench::Views::send_one($bench, [GET => _path($bench, 'changeset-diff/500'), {}]);
    my $look = RCAPI::Svn::program('svnlook', 'diff', $svn->{path}, '-r', 500);
    my @changed = map { [grep { /^[+-][^+-]/ } split /\n/, $_] } $diff->body, $look;
    die "svn: diff\n" if "@{ $changed[0] }" ne "@{ $changed[1] }" || !@{ $changed[0] };
    my $small = Bench::Views::send_one($bench, _small($bench));
    die "svn: raw\n" if $small->body ne 'x' x 1000 . "\n";
    my $list = _changesets($bench)->json->{result};
    die "svn: changesets\n" if ref $list ne 'ARRAY' || @$list != $REVISIONS || !@{ $list->[499]{diff} };
}

# --- loads

# One request and one process for each revision: times, and how often ours fits into the other.
sub _pairs {
    my ($bench, $host, $view, @program) = @_;
    my $lines = join '', map { "$_ " . _path($bench, sprintf $view, $_) . "\n" } @{ $bench->{svn}{revisions} };
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

sub loads {
    my ($bench, $load) = @_;
    my $svn = $bench->{svn} or return;
    my $url = "file://$svn->{path}";
    $load->add('svn diff', code => sub {
        _pairs($bench, '127.0.0.1', 'changeset-diff/%s', 'svnlook', 'diff', $svn->{path}, '-r') });
    $load->add('svn archive', code => sub {
        _pairs($bench, 'uncached', 'archive/%s.tar', 'sh', '-c', 'd=$(mktemp -d) && svn export -q -r "$3" "$1" "$d/x" '
            . '&& tar -C "$d" -cf - x && rm -rf "$d"', 'sh', $url, '-') });
    $load->add('svn log', code => sub {
        my $ours = Bench::Table::median(map { _timed(sub { _changesets($bench) }) } 1 .. 3);
        my $log = _timed(sub { RCAPI::Svn::svn('log', '-v', '--xml', '-r', "1:$REVISIONS", $url) });
        return { ratio => $log / $ours, p50 => $ours, peer => $log } });
    $load->add('svn raw', connections => 16, requests => [_small($bench)]);
    $load->add('svn raw git', connections => 16,
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
    $table->head("Subversion, $REVISIONS revisions");
    return $table->skip('all', _missing($bench)) if !$bench->{svn};
    for my $row (['diff', 'raw diff, faster than svnlook diff', 20, 'svnlook'],
            ['log', "get_repo_changesets of all, faster than svn log -v --xml", 10, 'svn'],
            ['archive', 'first tar, faster than svn export and tar', 1, 'svn and tar']) {
        my ($name, $what, $budget, $peer) = @$row;
        $table->row($what, [$load->values("svn $name", 'ratio')], '>=', $budget, format => '%.1f',
            note => _note($load, "svn $name", $peer));
    }
    $table->row('raw file of 1 KB / git', [$load->ratios('svn raw', 'svn raw git', 'rate')], '>=', 0.5,
        note => Bench::Views::rate($load, 'svn raw') . ', git ' . Bench::Views::rate($load, 'svn raw git'));
}

1;
