#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Changesets of Mercurial repositories (contract 08 §5, §8): what the API says of each, and diffs and patches byte
# for byte as hg prints them, for random histories that the scan finds.
use strict;
use warnings;
use Test::More;
use RCAPI::Hg;
use RCAPI::Run qw(rounds);
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'ChangesetController:*, FilesController:*');
my $ROOT = "$t->{dir}/data/repos";
my $COUNT = 60;
my (%rows, %refs);

# Texts of the API are characters; those of hg are bytes.
sub text {
    my ($bytes) = @_;
    my $text = $bytes;
    return utf8::decode($text) ? $text : $bytes; # Latin-1
}

# Names with other bytes than UTF-8 cannot be shown.
sub shown {
    my ($bytes) = @_;
    my $text = $bytes;
    return utf8::decode($text) ? $text : $bytes =~ s/\xff/\x{fffd}/gr;
}

sub view {
    my ($path) = @_;
    my $a = $t->get($path, as => 'admin');
    is $a->status, 200, $path or diag $a->body;
    return $a->body;
}

sub date {
    my ($time) = @_;
    my @t = gmtime $time;
    return sprintf '%04d-%02d-%02dT%02d:%02d:%02d', $t[5] + 1900, $t[4] + 1, @t[3, 2, 1, 0];
}

# The changeset_obj of a row, without a diff.
sub changeset_of {
    my ($row) = @_;
    return {
        short_id => substr($row->{node}, 0, 12), raw_id => $row->{node}, revision => $row->{rev},
        message => text($row->{desc}), date => date($row->{date}[0]), author => text($row->{user}),
        parents => [map { { raw_id => $_ } } @{ $row->{parents} }], branch => text($row->{branch}), diff => [],
    };
}

sub without_parents { my ($obj) = @_; $_ = { raw_id => $_->{raw_id} } for @{ $obj->{parents} }; return $obj }

sub same_diff {
    my ($is, $wanted, $name) = @_;
    return $is eq $wanted ? pass $name : is $is, $wanted, $name;
}

for my $seed (1 .. rounds(1, 8)) {
    my $path = "$ROOT/random$seed";
    RCAPI::Hg::hg('init', $path);
    RCAPI::Hg::random($path, $seed, $COUNT);
    ($rows{$seed}, $refs{$seed}) = RCAPI::Hg::tell($path, '--space');
}
my $found = $t->must('rescan_repos');
is_deeply [sort @{ $found->{added} }], [map { "random$_" } sort keys %rows], 'the scan finds them';

for my $seed (sort keys %rows) {
    my $name = "random$seed";
    my $rows = $rows{$seed};

    subtest "changesets of history $seed" => sub {
        is $t->must(get_repo => { repoid => $name })->{repo_type}, 'hg', 'type';
        my $list = $t->must(get_repo_changesets => { repoid => $name, start_rev => '0', limit => -1 });
        is scalar @$list, scalar @$rows, 'all that hg serves';
        is_deeply without_parents($list->[$_]), changeset_of($rows->[$_]), "changeset $_" or last for 0 .. $#$rows;
        is $t->must(get_repo => { repoid => $name })->{last_changeset}{raw_id}, $rows->[-1]{node}, 'the last one';
        my $branch = text($rows->[-1]{branch});
        is_deeply [map { $_->{revision} } @{ $t->must(get_changesets => { repoid => $name, branch_name => $branch,
            reverse => 1 }) }], [map { $_->{rev} } grep { text($_->{branch}) eq $branch } reverse @$rows], 'a branch';
    };

    subtest "what they change, of history $seed" => sub {
        my %of = map { $_->{revision} => $_->{diff} } @{ $t->must(get_repo_changesets => {
            repoid => $name, start_rev => "$rows->[0]{rev}", limit => -1, details => 'extended' }) };
        for my $row (@$rows) {
            my @ops = map { my $op = $_; map { [$op, shown($_)] } sort @{ $row->{status}{$op} } } qw(A M D);
            my @is = map { [$_->{op}, $_->{filename}] } @{ $of{ $row->{rev} } };
            @$_ = sort { "@$a" cmp "@$b" } @$_ for \@ops, \@is; # a root commit has the order of the nodes
            is_deeply \@is, \@ops, "changeset $row->{rev}" or last;
        }
    };

    subtest "references of history $seed" => sub {
        my %wanted;
        for my $kind (keys %{ $refs{$seed} }) {
            my $of = $refs{$seed}{$kind};
            $wanted{$kind} = { map { text($_) => $of->{$_} } keys %$of };
        }
        is_deeply $t->must(get_repo_refs => { repoid => $name }), \%wanted, 'all kinds';
    };

    subtest "diffs and patches of history $seed" => sub {
        for my $row (@$rows) {
            my $id = $row->{node};
            same_diff(view("/$name/changeset-diff/$id"), $row->{diff}, "diff of $row->{rev}") or last;
            same_diff(view("/$name/changeset-patch/$id"), $row->{export}, "patch of $row->{rev}") or last;
            same_diff(view("/$name/changeset-diff/$id?ignorews=1&context=1"), $row->{diff_w},
                "diff of $row->{rev} without white space") or last;
        }
    };

    subtest "files of history $seed" => sub {
        for my $row (@$rows[(grep { $_ % 7 == 3 } 0 .. $#$rows), -1]) {
            my $nodes = $t->must(get_repo_nodes => {
                repoid => $name, revision => "$row->{rev}", root_path => '/', ret_type => 'files' });
            is_deeply [sort map { $_->{name} } @$nodes], [sort map { shown($_) } keys %{ $row->{files} }],
                "names in $row->{rev}";
            my ($plain) = grep { $_->{name} =~ /^[ -~]+$/ } @$nodes;
            is_deeply $t->must(get_repo_file => { repoid => $name, commit_id => "$row->{rev}",
                file_path => $plain->{name} }), $plain, 'one of them' if $plain;
            for my $file (sort keys %{ $row->{files} }) {
                my $escaped = $file =~ s/([^\w\/.-])/sprintf '%%%02X', ord $1/ger;
                is view("/$name/raw/$row->{node}/$escaped"), $row->{files}{$file}[0], 'its bytes' or return;
            }
        }
    };
}

$t->done;
done_testing;
