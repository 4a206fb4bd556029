# SPDX-License-Identifier: Apache-2.0
package Bench::Large;

=head1 NAME

Bench::Large - a repository of 100,000 references, and one of 100,000 files

=head1 SYNOPSIS

    Bench::Large::repositories($bench);   # before the database is made
    Bench::Large::check($bench);
    Bench::Large::loads($bench, $load);
    Bench::Large::report($bench, $load);

All references are packed but the one that moves. The files have a content of their own each.

=cut

use strict;
use warnings;
use Bench::Table;
use Bench::Type;
use IO::Socket::INET;
use JSON::PP qw(encode_json);
use List::Util qw(max sum0);
use RCAPI::Git;
use RCAPI::HTTP;
use RCAPI::Run qw(spew);

my $COUNT = 100_000;
my $CLIENTS = 32;

sub _make {
    my ($bench, $name, $text) = @_;
    my $path = "$bench->{dir}/data/repos/$name";
    RCAPI::Git::git('.', qw(init -q --bare -b master), $path);
    RCAPI::Git::git($path, { stdin => $text, timeout => 120 }, qw(fast-import --quiet));
    return $path;
}

sub _commit {
    my ($i) = @_;
    my $when = 1_200_000_000 + $i;
    return "commit refs/heads/master\ncommitter Carl <carl\@example.org> $when +0000\ndata 1\nx\n";
}

sub repositories {
    my ($bench) = @_;
    my $refs = _make($bench, 'manyrefs',
        join '', map { _commit($_) . "M 100644 inline n\ndata <<E\n$_\nE\n" } 1 .. 1000);
    my @ids = split /\n/, RCAPI::Git::git($refs, qw(rev-list master));
    spew("$refs/packed-refs", "# pack-refs with: peeled fully-peeled sorted \n"
        . join '', map { $ids[$_ % @ids] . sprintf " refs/heads/topic/%06d\n", $_ } 1 .. $COUNT);
    my $files = _make($bench, 'manyfiles', _commit(1) . join '', map {
        sprintf "M 100644 inline part%03d/%d/file%06d.c\ndata <<E\n%d\nE\n", $_ % 300, $_ % 7, $_, $_ } 1 .. $COUNT);
    RCAPI::Git::git($files, { timeout => 120 }, qw(repack -adq));
    $bench->{large} = { refs => $refs, files => $files, ids => \@ids, moved => 0 };
}

# All files; with a number that was not asked with before the list is none that is kept.
sub _nodes {
    my ($bench, $most) = @_;
    return RCAPI::HTTP::request($bench->{server}{port}, POST => '/rc/_admin/api', timeout => 120, body => encode_json({
        id => 1, api_key => $bench->{data}->key(2), method => 'get_repo_nodes',
        args => { repoid => 'manyfiles', revision => 'tip', root_path => '/', ret_type => 'files',
            max_file_bytes => $most } }));
}

sub check {
    my ($bench) = @_;
    die "manyrefs\n" if Bench::Type::get($bench, 'manyrefs', 'raw/tip/n')->status != 200;
    die "manyfiles\n" if @{ _nodes($bench, 1)->json->{result} // [] } != $COUNT;
}

# --- loads

# All clients ask at once after a branch has moved: how long, and by how many kilobytes the children grow.
sub _after_update {
    my ($bench) = @_;
    my $large = $bench->{large};
    my @pids = $bench->{server}->workers;
    my $memory = sub { sum0(map { Bench::Server::memory($_, 'anon') } @pids) };
    my $path = Bench::Type::path($bench, 'manyrefs', 'raw/tip/n');
    my @sockets = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $bench->{server}{port})
        or die "connect: $!" } 1 .. $CLIENTS;
    my $before = $memory->();
    my $to = $large->{ids}[++$large->{moved} % 1000];
    RCAPI::Git::git($large->{refs}, 'update-ref', 'refs/heads/moved', $to);
    my $most = $before;
    my $time = Bench::Type::timed(sub {
        syswrite $_, "GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" for @sockets;
        for my $socket (@sockets) {
            my $answer = '';
            while (sysread $socket, $answer, 1 << 16, length $answer) { }
            die "manyrefs: $answer\n" if $answer !~ m{\AHTTP/1.1 200 };
            $most = max($most, $memory->());
        }
    });
    return { time => $time / 1e6, growth => ($most - $before) / 1024 };
}

sub loads {
    my ($bench, $load) = @_;
    $load->add('refs moved', code => sub { _after_update($bench) });
    my $most = 1;
    $load->add('nodes', code => sub { $most++; return { p50 => Bench::Type::timed(sub { _nodes($bench, $most) }) } });
    $load->add('nodes again', code => sub { { p50 => Bench::Type::timed(sub { _nodes($bench, 1) }) } });
    for my $sizes ([], ['-l']) {
        $load->add("ls-tree@$sizes", code => sub { { p50 => Bench::Type::timed(sub {
            RCAPI::Git::git($bench->{large}{files}, { timeout => 120 }, qw(ls-tree -r), @$sizes, 'HEAD') }) } });
    }
    $load->add('cat-file', code => sub { { p50 => Bench::Type::timed(sub {
        RCAPI::Git::git($bench->{large}{files}, { timeout => 120 },
            qw(cat-file --batch-all-objects --buffer --batch)) }) } });
}

sub report {
    my ($bench, $load) = @_;
    my $table = $bench->{table};
    my $ms = sub { sprintf '%.0f ms', Bench::Table::median($load->values($_[0], 'p50')) / 1000 };
    $table->head("$COUNT references, and $COUNT files");
    $table->row("$CLIENTS clients after update-ref", [$load->values('refs moved', 'time')], '<=', 1, unit => 's');
    $table->row('... children grow by, in all', [$load->values('refs moved', 'growth')], '<=', 64, unit => 'MiB',
        format => '%.1f');
    $table->row('get_repo_nodes / git ls-tree -r', [$load->ratios('nodes', 'ls-tree', 'p50')], '<=', 2,
        note => $ms->('nodes') . ', git ' . $ms->('ls-tree'));
    $table->row('... / git ls-tree -r -l', [$load->ratios('nodes', 'ls-tree-l', 'p50')], '<=', undef,
        note => 'git ' . $ms->('ls-tree-l'));
    $table->row('... / git cat-file --batch of all', [$load->ratios('nodes', 'cat-file', 'p50')], '<=', undef,
        note => 'git ' . $ms->('cat-file'));
    $table->row('... repeated / git ls-tree -r', [$load->ratios('nodes again', 'ls-tree', 'p50')], '<=', undef,
        note => $ms->('nodes again'));
}

1;
