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
use Bench::Type;
use RCAPI::Run qw(run);
require RCAPI::Svn; # its import is for tests

my $REVISIONS = $Bench::Type::COMMITS;
my $SMALL = "raw/$REVISIONS/trunk/small.txt";
my %ALL = (start_rev => '1', details => 'extended');

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
    my $texts = Bench::Type::texts();
    $dump->revision(log => 'begin');
    $dump->dir('trunk');
    $dump->file('trunk/small.txt', Bench::Type::small());
    $dump->file("trunk/file$_.c", join '', @{ $texts->[$_] }) for 0 .. $#$texts;
    for my $i (2 .. $REVISIONS) {
        my $file = Bench::Type::change($texts, $i);
        $dump->revision(log => "change $i");
        $dump->edit("trunk/file$file.c", join '', @{ $texts->[$file] });
    }
    RCAPI::Svn::program({ timeout => 60 }, 'svnadmin', 'create', '--compatible-version', '1.9', $path);
    $dump->load($path);
    system('rm', '-rf', "$path/hooks");
    $bench->{svn} = { name => 'svn', path => $path, revisions => [map { $_ * 17 % $REVISIONS + 1 } 1 .. 60] };
}

sub check {
    my ($bench) = @_;
    my $svn = $bench->{svn} or return;
    my $diff = Bench::Type::get($bench, 'svn', 'changeset-diff/500');
    my $look = RCAPI::Svn::program('svnlook', 'diff', $svn->{path}, '-r', 500);
    my @changed = map { [grep { /^[+-][^+-]/ } split /\n/, $_] } $diff->body, $look;
    die "svn: diff\n" if "@{ $changed[0] }" ne "@{ $changed[1] }" || !@{ $changed[0] };
    die "svn: raw\n" if Bench::Type::get($bench, 'svn', $SMALL)->body ne Bench::Type::small();
    my $list = Bench::Type::changesets($bench, 'svn', \%ALL)->json->{result};
    die "svn: changesets\n" if ref $list ne 'ARRAY' || @$list != $REVISIONS || !@{ $list->[499]{diff} };
}

sub loads {
    my ($bench, $load) = @_;
    my $svn = $bench->{svn} or return;
    my $url = "file://$svn->{path}";
    $load->add('svn diff', code => sub {
        Bench::Type::pairs($bench, 'svn', '127.0.0.1', 'changeset-diff/%s', 'svnlook', 'diff', $svn->{path}, '-r') });
    my $export = 'd=$(mktemp -d) && svn export -q -r "$3" "$1" "$d/x" && tar -C "$d" -cf - x && rm -rf "$d"';
    $load->add('svn archive', code => sub {
        Bench::Type::pairs($bench, 'svn', 'uncached', 'archive/%s.tar', 'sh', '-c', $export, 'sh', $url, '-') });
    $load->add('svn log', code => sub {
        Bench::Type::list_beside($bench, 'svn', \%ALL,
            sub { RCAPI::Svn::svn('log', '-v', '--xml', '-r', "1:$REVISIONS", $url) }) });
    Bench::Type::raw_loads($bench, $load, 'svn', $SMALL);
}

sub report {
    my ($bench, $load) = @_;
    my $table = $bench->{table};
    $table->head("Subversion, $REVISIONS revisions");
    return $table->skip('all', _missing($bench)) if !$bench->{svn};
    Bench::Type::report($bench, $load, 'svn', ['diff', 'raw diff, faster than svnlook diff', 20, 'svnlook'],
        ['log', 'get_repo_changesets of all, faster than svn log -v --xml', 10, 'svn'],
        ['archive', 'first tar, faster than svn export and tar', 1, 'svn and tar']);
}

1;
