#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Mercurial repositories that are not served, settings that must run nothing, and damaged files (contract 08 §4, §6):
# an error that names the cause, never wrong bytes, never a crash.
use strict;
use warnings;
use Test::More;
use RCAPI::Hg;
use RCAPI::Run qw(rounds slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'ChangesetController:*, FilesController:*', children => 1, threads => 8);
my $ROOT = "$t->{dir}/data/repos";
my $COUNT = 40;
my $MUTANTS = rounds(25, 300);
RCAPI::Hg::hg('init', "$ROOT/whole");
RCAPI::Hg::random("$ROOT/whole", 5, $COUNT);
my ($rows, $refs) = RCAPI::Hg::tell("$ROOT/whole");
my %row = map { $_->{node} => $_ } @$rows;
my $tip = $rows->[-1]{node};

sub copy {
    my ($name) = @_;
    system('cp', '-r', "$ROOT/whole", "$ROOT/$name") == 0 or die 'cp';
    return "$ROOT/$name/.hg";
}

sub add_line { my ($file, $line) = @_; spew($file, slurp($file) . "$line\n") }

subtest 'what is not supported' => sub {
    my @requirements = qw(revlogv2 changelogv2 treemanifest narrowhg-experimental shared relshared largefiles lfs git
        exp-copies-sidedata-changeset persistent-nodemap dirstate-v2 bookmarksinstore internal-phase nothing);
    my %why;
    for (@requirements) {
        add_line(copy("r-$_") . '/requires', $_);
        $why{"r-$_"} = qr/with the requirement \Q$_\E, which is not supported/;
    }
    add_line(copy('in-store') . '/store/requires', 'exp-in-store');
    $why{'in-store'} = qr/the requirement exp-in-store,/;
    unlink copy('bare') . '/requires';
    $why{bare} = qr{without the file \.hg/requires};
    spew(copy('old') . '/requires', "store\n");
    $why{old} = qr/without the requirement revlogv1/;
    spew(copy('sharing') . '/sharedpath', "$ROOT/whole/.hg");
    $why{sharing} = qr/shares the store of another one/;
    my $linked = copy('linked');
    rename "$linked/store", "$t->{dir}/scratch/store" or die $!;
    symlink "$t->{dir}/scratch/store", "$linked/store" or die $!;
    $why{linked} = qr{without the (?:file|directory) \.hg/store};
    my $found = $t->must('rescan_repos');
    is_deeply $found->{added}, ['whole'], 'only the whole one is added';
    my %said = map { /^(.*?): (.*)$/s } @{ $found->{errors} };
    like $said{$_}, $why{$_}, "$_: why" for sort keys %why;
    system 'rm', '-rf', map { "$ROOT/$_" } keys %why;

    copy('later');
    $t->must('rescan_repos');
    is $t->get("/later/changeset-diff/$tip", as => 'admin')->status, 200, 'served';
    add_line("$ROOT/later/.hg/requires", 'lfs');
    is $t->get("/later/changeset-diff/$tip", as => 'admin')->status, 500, 'no longer, though it was open';
    like $t->error_log, qr/later is a Mercurial repository with the requirement lfs/, 'the log names it';
    is scalar(grep { $_->{repo_name} eq 'later' } @{ $t->must('get_repos') }), 1, 'get_repos still lists it';
};

subtest 'settings run nothing' => sub {
    my $dir = copy('hooked');
    my $ran = "$t->{dir}/scratch/ran";
    spew("$t->{dir}/scratch/x.py", "open('$ran', 'w')\n");
    my @hooks = map { "$_ = touch $ran" } qw(pre-log post-log pre-cat pre-diff outgoing changegroup update
        pre-archive pre-export preoutgoing post-init);
    spew("$dir/hgrc", join "\n", '[hooks]', @hooks, '[extensions]', "x = $t->{dir}/scratch/x.py", '[alias]',
        map({ "$_ = !touch $ran" } qw(log diff cat archive export)),
        '[ui]', "editor = touch $ran", "merge = touch $ran", '');
    $t->must('rescan_repos');
    $t->must(get_repo_changesets => {
        repoid => 'hooked', start_rev => "$rows->[0]{rev}", limit => -1, details => 'full' });
    $t->must(update_repo => { repoid => 'hooked', enable_downloads => JSON::PP::true() });
    is $t->get("/hooked/$_", as => 'admin')->status, 200, $_
        for "changeset-diff/$tip", "changeset-patch/$tip", "archive/$tip.tar.gz", 'feed/atom';
    $t->must(fork_repo => { repoid => 'hooked', fork_name => 'fork' });
    ok !-e $ran, 'no hook, extension or alias ran';
};

# What is answered of a damaged repository is right, or an error.
sub wrong_answers {
    my ($name) = @_;
    my @wrong;
    for my $row (@$rows[map { $_ % @$rows } 0, 7, 19, -1]) {
        for (['changeset-diff', 'diff'], ['changeset-patch', 'export']) {
            my $a = $t->get("/$name/$_->[0]/$row->{node}", as => 'admin');
            push @wrong, "$_->[0] of $row->{rev}: " . $a->status
                if $a->status == 200 ? $a->body ne $row->{ $_->[1] } : $a->status !~ /^(?:404|413|500)$/;
        }
        my ($file) = sort keys %{ $row->{files} };
        next if !defined $file;
        my $escaped = $file =~ s/([^\w\/.-])/sprintf '%%%02X', ord $1/ger;
        my $a = $t->get("/$name/raw/$row->{node}/$escaped", as => 'admin');
        push @wrong, "$file of $row->{rev}: " . $a->status
            if $a->status == 200 ? $a->body ne $row->{files}{$file}[0] : $a->status !~ /^(?:404|413|500)$/;
    }
    for (['get_repo'], ['get_repo_refs'], [get_repo_changesets => start_rev => '', limit => -1, details => 'full'],
        [get_repo_nodes => revision => 'tip', root_path => '/', details => 'full']) {
        my ($method, @args) = @$_;
        my $a = $t->call($method => { repoid => $name, @args });
        push @wrong, "$method: $a->{broken}" if defined $a->{broken};
    }
    my $status = $t->get("/$name/archive/$tip.tar", as => 'admin')->status;
    push @wrong, "archive: $status" if $status !~ /^(?:200|403|404|413|500)$/;
    return \@wrong;
}

sub mutate {
    my ($file) = @_;
    my $bytes = slurp($file);
    return if $bytes eq '';
    my $how = rand;
    if ($how < 0.2) { $bytes = substr $bytes, 0, rand length $bytes }
    elsif ($how < 0.3) { $bytes .= substr $bytes, rand length $bytes }
    elsif ($how < 0.4 && length $bytes > 100) { # a number of a row
        substr $bytes, 64 * int(rand int(length($bytes) / 64)) + 8 + 4 * int rand 6, 4, pack 'N', rand 2 ** 32;
    }
    else { substr $bytes, rand(length $bytes), 1, chr rand 256 for 1 .. 1 + rand 6 }
    spew($file, $bytes);
}

subtest 'bytes changed at random' => sub {
    srand 3;
    for my $n (1 .. $MUTANTS) {
        my $dir = copy("m$n");
        my @files = grep { -s } split /\n/, `find $dir/store $dir/bookmarks -type f ! -name fncache ! -name 'undo*'`;
        my @main = grep { /00changelog|00manifest|phaseroots|obsstore|bookmarks/ } @files;
        mutate(rand() < 0.7 ? $main[rand @main] : $files[rand @files]) for 1 .. 1 + rand 2;
    }
    $t->must('rescan_repos');
    my ($pid) = $t->children;
    is_deeply wrong_answers("m$_"), [], "m$_" or last for 1 .. $MUTANTS;
    ok scalar(grep { $_ == $pid } $t->children), 'the child that answered is still there';
    is_deeply wrong_answers('whole'), [], 'the whole one is read';
    is $t->must(get_repo => { repoid => 'whole' })->{last_changeset}{raw_id}, $tip, 'and is complete';
};

subtest 'one file is lost' => sub {
    my $dir = copy('lost');
    my $plain = qr{^(?:a|b\.txt|dir-x|dir/a|dir/sub/b|dir\.y|zero)$}; # what has the same name in the store
    my ($row, $file);
    for my $any (reverse @$rows) {
        ($row, $file) = ($any, $_) for grep { /$plain/ } @{ $any->{status}{A} };
    }
    unlink glob "$dir/store/data/$file.*" or die $!;
    $t->must('rescan_repos');
    my $list = $t->must(get_repo_changesets => {
        repoid => 'lost', start_rev => "$rows->[0]{rev}", limit => -1, details => 'full' });
    is scalar @$list, scalar @$rows, 'the list is whole';
    my %broken = map { $_->{raw_id} => 1 } grep { $_->{error} } @$list;
    ok $broken{ $row->{node} }, 'and marks what cannot be read';
    cmp_ok scalar(keys %broken), '<', @$rows, 'not all of it';
    is $t->get("/lost/raw/$row->{node}/$file", as => 'admin')->status, 500, 'the file';
    like $t->error_log, qr/a revision of \Q$file\E is missing in \S*lost/, 'the log names it';
    my $nodes = $t->must(get_repo_nodes => {
        repoid => 'lost', revision => $row->{node}, root_path => '/', details => 'full' });
    cmp_ok scalar @$nodes, '>=', scalar keys %{ $row->{files} }, 'a list of files goes on';
};


subtest 'rcapi-admin check' => sub {
    my $dir = copy('checked');
    $t->must('rescan_repos');
    unlike $t->try_admin('check')->{out}, qr/checked/, 'a sound repository';
    spew("$dir/store/00manifest.i", "\0\0\0\7" . 'x' x 64);
    like $t->try_admin('check')->{out},
        qr{repository checked: the index \S+/00manifest\.i has the unknown format 7: `hg -R \S+ verify` says},
        'a damaged one';
    add_line("$dir/requires", 'lfs');
    like $t->try_admin('check')->{out}, qr/repository checked: a Mercurial repository with the requirement lfs/,
        'one that is not supported';
    $t->must(delete_repo => { repoid => 'checked' });
    ok !-e "$ROOT/checked", 'it can be deleted';
    $t->admin(qw(repo create typed repo_type=hg));
    ok -e "$ROOT/typed/.hg/store/requires", 'repo create';
    $t->admin(qw(set default_repo_type hg));
    $t->must(create_repo => { repo_name => 'default' });
    ok -e "$ROOT/default/.hg", 'the default type';
};

$t->done;
done_testing;
