# SPDX-License-Identifier: Apache-2.0
package Bench::Pages;

=head1 NAME

Bench::Pages - what pages cost: long lists, and diffs beside the raw view and cgit's page of the same commits

=head1 SYNOPSIS

    Bench::Pages::repositories($bench);   # before the database is made
    Bench::Pages::check($bench);
    Bench::Pages::loads($bench, $load);
    Bench::Pages::report($bench, $load);

=cut

use strict;
use warnings;
use Bench::Table;
use Bench::Views;
use RCAPI::Git;

my $ENTRIES = 10_000;
my $LINES = 15_000;

# A directory of many files; then a commit that adds a long file.
sub repositories {
    my ($bench) = @_;
    my $path = "$bench->{dir}/data/repos/pages";
    RCAPI::Git::git('.', qw(init -q --bare -b master), $path);
    open my $in, '|-', 'git', '-C', $path, qw(fast-import --quiet --done) or die "git: $!";
    my $commit = sub { print $in "commit refs/heads/master\ncommitter Carl <carl\@example.org> $_[0] +0000\n",
        'data ', length $_[1], "\n$_[1]\n" };
    $commit->(1_700_000_000, 'Many');
    print $in "M 100644 inline wide/file$_.c\ndata 6\n$_\n" for map { sprintf '%05d', $_ } 1 .. $ENTRIES;
    $commit->(1_700_000_100, 'Long');
    my $text = join '', map { $_ % 4 ? "    count[$_] = next(limit, $_); /* as before */\n"
        : "    if (count[$_] < limit && !done)\n" } 1 .. $LINES;
    print $in "M 100644 inline long.c\ndata ", length $text, "\n$text\ndone\n";
    close $in or die "git fast-import failed\n";
    my $id = RCAPI::Git::git($path, qw(rev-parse HEAD)) =~ s/\n//r;
    $bench->{pages} = { name => 'pages', path => $path, ids => [$id] };
}

# Name, clients, requests.
sub cases {
    my ($bench) = @_;
    my ($made, $pages) = ($bench->{repos}[0], $bench->{pages});
    my $home = [[GET => '/rc/?' . Bench::Views::key($bench), {}]];
    return (['home', 1, $home], ['directory', 1, Bench::Views::ours($bench, $pages, 'files/tip', 'wide')],
        map { my ($what, $repo) = @$_; my @ids = @{ $repo->{ids} };
            ["$what page", 4, Bench::Views::ours($bench, $repo, 'changeset', @ids)],
            ["$what raw", 4, Bench::Views::ours($bench, $repo, 'changeset-diff', @ids)],
            $bench->{cgit} ? ["$what cgit", 4, Bench::Views::cgit($repo, 'commit/?id=', @ids)] : ();
        } ['ordinary', $made], ['long', $pages]);
}

sub check {
    my ($bench) = @_;
    for my $case (cases($bench)) {
        my ($name, undef, $requests) = @$case;
        my $a = Bench::Views::send_one($bench, $requests->[0]);
        die "$name: $requests->[0][1]: $a->{head}" if $a->status != 200;
        my $rows = () = $a->body =~ /<tr/g;
        my %least = (home => 100, directory => $ENTRIES, 'long page' => $LINES);
        die "$name: only $rows rows\n" if $rows < ($least{$name} // 0);
    }
}

sub loads {
    my ($bench, $load) = @_;
    $load->add("pages: $_->[0]", connections => $_->[1], seconds => 2 * $load->{seconds}, requests => $_->[2])
        for cases($bench);
}

sub report {
    my ($bench, $load) = @_;
    my $table = $bench->{table};
    my $cpu = sub { map { $_ / 1000 } $load->values("pages: $_[0]", 'cpu') };
    $table->head("Pages of $bench->{data}{repos} repositories, of $ENTRIES files, of commits"
        . " ('long' adds $LINES lines)");
    $table->row("$_: processor time", [$cpu->($_)], '<=', 100, unit => 'ms', format => '%.1f',
        note => Bench::Views::rate($load, "pages: $_")) for qw(home directory);
    for my $what (qw(ordinary long)) {
        $table->row("$what commit: processor time / raw diff's", [$load->ratios("pages: $what page",
            "pages: $what raw", 'cpu')], '<=', 1.5, note => sprintf '%.2f ms, raw %.2f ms',
            map { Bench::Table::median($cpu->("$what $_")) } qw(page raw));
        my $row = "$what commit: rate / cgit's page";
        if (!$bench->{cgit}) {
            $table->skip($row, 'cgit is not installed');
            next;
        }
        $table->row($row, [$load->ratios("pages: $what page", "pages: $what cgit", 'rate')], '>=', 3,
            format => '%.1f', note => join ', cgit ',
            map { Bench::Views::rate($load, "pages: $what $_") } qw(page cgit));
    }
}

1;
