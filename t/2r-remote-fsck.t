#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What a remote's objects may look like (contract 05, "fsck at fetch"): what old tools wrote arrives,
# what harms whoever checks it out does not.
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $DIR = "$t->{dir}/scratch/odd.git";
my $WHO = 'A <a@example.org> 1600000000 +0000';

$t->git('.', qw(init -q --bare -b master), $DIR);
my $BLOB = object(blob => "hi\n");
my $PLAIN = tree(['100644', 'a', $BLOB]);

# An object of these bytes, however odd; its id.
sub object {
    my ($type, $bytes) = @_;
    chomp(my $id = $t->git($DIR, { stdin => $bytes }, qw(hash-object -w --literally --stdin -t), $type));
    return $id;
}

sub tree { return object(tree => join '', map { "$_->[0] $_->[1]\0" . pack 'H*', $_->[2] } @_) }

sub commit {
    my ($tree, %head) = @_;
    my %line = (author => $WHO, committer => $WHO, %head);
    my @lines = map { defined $line{$_} ? "$_ $line{$_}\n" : '' } qw(author committer);
    return object(commit => join '', "tree $tree\n", @lines, "\n", $head{text} // "m\n");
}

sub tag {
    my ($head, $id) = ($_[0], commit($PLAIN));
    return object(tag => "object $id\ntype commit\n$head\n\nm\n");
}

sub gitmodules {
    my ($text) = @_;
    return commit(tree(['100644', '.gitmodules', object(blob => "[submodule \"s\"]\n\tpath = s\n$text")],
        ['160000', 's', 'b' x 40]));
}

# create_repo from a remote with this one reference; what became of it there.
sub fetched {
    my ($name, $ref, $id) = @_;
    my %old = map { /(\S+) (\S+)/ } split /\n/, $t->git($DIR, 'for-each-ref', '--format=%(refname) %(objectname)');
    $t->git($DIR, 'update-ref', '-d', $_) for keys %old;
    $t->git($DIR, 'update-ref', $ref, $id);
    my $r = $t->call(create_repo => { repo_name => $name, repo_type => 'git', clone_uri => "file://$DIR" });
    return $r->{error} if defined $r->{error};
    chomp(my $got = $t->git("$t->{dir}/data/repos/$name", 'rev-parse', $ref));
    return $got;
}

my @entry = ('100644', 'a', $BLOB);
my $EMPTY = tree();
my %taken = (
    duplicateEntries       => commit(tree([@entry], [@entry])),
    treeNotSorted          => commit(tree(['100644', 'b', $BLOB], [@entry])),
    zeroPaddedFilemode     => commit(tree([@entry], ['040000', 'd', $EMPTY])),
    badFilemode            => commit(tree(['100664', 'a', $BLOB])),
    nullSha1               => commit(tree([@entry], ['160000', 's', '0' x 40])),
    zeroPaddedDate         => commit($PLAIN, author => 'A <a@example.org> 01600000000 +0000'),
    badDate                => commit($PLAIN, author => 'A <a@example.org> x +0000'),
    badDateOverflow        => commit($PLAIN, author => 'A <a@example.org> 99999999999999999999999 +0000'),
    badTimezone            => commit($PLAIN, author => 'A <a@example.org> 1600000000 +051800'),
    missingSpaceBeforeDate => commit($PLAIN, author => 'A <a@example.org>1600000000 +0000'),
    missingEmail           => commit($PLAIN, author => 'A 1600000000 +0000'),
    badEmail               => commit($PLAIN, author => 'A <a@exa<mple.org> 1600000000 +0000'),
    badName                => commit($PLAIN, author => 'A> <a@example.org> 1600000000 +0000'),
    missingNameBeforeEmail => commit($PLAIN, author => '<a@example.org> 1600000000 +0000'),
    missingSpaceBeforeEmail => commit($PLAIN, author => 'A<a@example.org> 1600000000 +0000'),
    multipleAuthors        => commit($PLAIN, author => "$WHO\nauthor $WHO"),
    nulInCommit            => commit($PLAIN, text => "m\0x\n"),
    gitattributesLineLength => commit(tree(['100644', '.gitattributes', object(blob => '*.x ' . 'a ' x 3000 . "\n")])),
    gitmodulesParse        => commit(tree(['100644', '.gitmodules', object(blob => "[submodule \"s\n")])),
);
my %refused = (
    hasDotgit        => commit(tree(['040000', '.git', $EMPTY])),
    hasDotgit_case   => commit(tree(['040000', '.GIT', $EMPTY])),
    hasDotgit_ntfs   => commit(tree(['040000', 'git~1', $EMPTY])),
    hasDotdot        => commit(tree(['040000', '..', $EMPTY])),
    hasDot           => commit(tree(['100644', '.', $BLOB])),
    fullPathname     => commit(tree(['100644', 'd/a', $BLOB])),
    emptyName        => commit(tree(['100644', '', $BLOB])),
    gitmodulesUrl    => gitmodules("\turl = -u./payload\n"),
    gitmodulesPath   => gitmodules("\tpath = -x\n"),
    gitmodulesUpdate => gitmodules("\turl = https://e/x\n\tupdate = !echo\n"),
    gitmodulesName   => commit(tree(['100644', '.gitmodules',
        object(blob => "[submodule \"../s\"]\n\tpath = s\n\turl = https://e/x\n")])),
    gitmodulesSymlink => commit(tree(['120000', '.gitmodules', $BLOB])),
    missingAuthor    => commit($PLAIN, author => undef),
    missingCommitter => commit($PLAIN, committer => undef),
);

subtest 'what old histories hold' => sub {
    is fetched($_, 'refs/heads/master', $taken{$_}), $taken{$_}, $_ for sort keys %taken;
    my $odd = tag("tag v");
    is fetched('missingTaggerEntry', 'refs/tags/v', $odd), $odd, 'missingTaggerEntry';
    $odd = tag("tag v\ntagger T <t\@example.org> 01 +0000");
    is fetched('tag_date', 'refs/tags/v', $odd), $odd, 'zeroPaddedDate in a tag';
};

subtest 'what harms' => sub {
    for my $name (sort keys %refused) {
        is fetched($name, 'refs/heads/master', $refused{$name}), "failed to create repository `$name`", $name;
        my $id = $name eq 'emptyName' ? 'empty filename' : $name =~ s/_.*//r;
        ok $t->error_log =~ /\b\Q$id\E\b/, 'the log names it';
        ok !-e "$t->{dir}/data/repos/$name", 'nothing is left';
    }
};

$t->done;
done_testing;
