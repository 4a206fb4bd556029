#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Maintenance of repositories (contract 06 §3, §6): by the API, by rcapi-admin and in the background;
# what waits for what, and what a kill or a restart leaves.
use strict;
use warnings;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(children => 1, threads => 6, directives => "RcapiRemoteSchemes file\nLogLevel rcapi:info\n");
my $ROOT = "$t->{dir}/data/repos";
$t->user($_) for qw(ann bob);

sub packs { my @packs = glob "$ROOT/$_[0]/objects/pack/*.pack"; return scalar @packs }
sub bitmaps { my @maps = glob "$ROOT/$_[0]/objects/pack/*.bitmap"; return scalar @maps }
sub leftovers { return grep { !m{/\.\.?\z} } glob "$ROOT/$_[0]/objects/{pack/tmp_*,pack/.tmp*,info/*.lock,tmp_*}" }
sub fsck { return $t->git("$ROOT/$_[0]", qw(fsck --full --no-dangling)) }

# A bare repository with one pack for each of its commits.
sub packed {
    my ($name, $commits, %args) = @_;
    my $r = $t->repo($name, commits => 3, args => { %args });
    for my $i (1 .. $commits) {
        $t->git($r->{work}, qw(commit -q --allow-empty -m), "c$i");
        $t->git($r->{path}, qw(-c fetch.unpackLimit=1 fetch -q), $r->{work}, '+refs/heads/*:refs/heads/*');
    }
    return $r;
}

# Makes git's repack of a repository wait until it is killed: it opens this pipe.
sub block { POSIX::mkfifo("$ROOT/$_[0]/info/grafts", 0644) or mkdir("$ROOT/$_[0]/info") && block($_[0]) }
sub unblock { unlink "$ROOT/$_[0]/info/grafts" }

# The numbers of processes that run git in the directory of a repository.
sub git_in {
    my ($name) = @_;
    my $path = "$ROOT/$name";
    return grep {
        (readlink("/proc/$_/cwd") // '') eq $path && (slurp_or("/proc/$_/cmdline") =~ m{\A(?:\S*/)?git\0})
    } map { m{(\d+)} } glob '/proc/[0-9]*';
}
sub slurp_or { open my $in, '<', $_[0] or return ''; local $/; return <$in> // '' }

# Runs a call in a process of its own; returns a function that waits for its answer.
sub later {
    my (@call) = @_;
    pipe my $in, my $out or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        close $in;
        my $answer = $t->call(@call);
        print $out JSON::PP->new->canonical->encode($answer // { error => 'no answer' });
        close $out;
        POSIX::_exit(0);
    }
    close $out;
    return sub { local $/; my $text = <$in>; waitpid $pid, 0; return JSON::PP->new->decode($text) };
}

# A repository that is large enough for a bitmap.
my $source = "$t->{dir}/scratch/large";
RCAPI::Git::init($source);
spew("$source/file", join '', map { chr int rand 256 } 1 .. 1_200_000);
$t->git($source, qw(add file));
$t->git($source, qw(commit -q -m large));

# A repository that is due, and one whose maintenance in the background does not end.
sub due {
    my $r = $t->repo($_[0], from => $source);
    $t->git($r->{path}, qw(-c repack.writeBitmaps=false repack -a -d -q));
}

sub hang {
    due($_[0]);
    block($_[0]);
    $t->must(update_repo => { repoid => $_[0], clone_uri => "file://$source" });
    $t->must(pull => { repoid => $_[0] });
}

sub clone { $t->must(create_repo => { repo_name => $_[0], repo_type => 'git', clone_uri => "file://$source" }) }

subtest 'the method' => sub {
    packed('g/r', 5, owner => 'ann');
    cmp_ok packs('g/r'), '>=', 5, 'before: many packs';
    my $told = $t->call(maintenance => { repoid => 'g/r' }, as => 'ann');
    is $told->{error}, undef, 'the owner may';
    my $actions = delete $told->{result}{executed_actions};
    is_deeply $told->{result}, { msg => 'executed maintenance command', repository => 'g/r' }, 'answer';
    is ref $actions, 'ARRAY', 'and a list';
    my ($before, $after) = join('|', @$actions) =~ /git repack: (.+), \d+ KiB, became (.+), \d+ KiB/;
    like $before, qr/^\d+ packs and \d+ loose objects\z/, 'of texts';
    is $after, '1 pack and 0 loose objects', '... in good English';
    is packs('g/r'), 1, 'one pack';
    is bitmaps('g/r'), 1, 'with a bitmap';
    is fsck('g/r'), '', 'and git finds no fault';
    is $t->call(maintenance => { repoid => 'g/r' }, as => 'bob')->{error},
        'repository `g/r` does not exist', 'a reader may not';
    is $t->call(maintenance => { repoid => 'nope' })->{error}, 'repository `nope` does not exist', 'unknown';
    is $t->call(maintenance => {})->{error}, 'Missing non optional `repoid` arg in JSON DATA', 'no argument';
    my $old = $t->call(maintenance => { repoid => 'g/r' }, as => 'ann', dialect => '1.2');
    is +($old->{result} // $old)->{repository}, 'g/r', 'the 1.2 dialect';
};

subtest 'a repository that git cannot pack' => sub {
    my $r = packed('broken', 2);
    my ($pack) = glob "$r->{path}/objects/pack/*.pack";
    chmod 0644, $pack;
    truncate $pack, 40;
    is $t->call(maintenance => { repoid => 'broken' })->{error}, 'Unable to execute maintenance on `broken`', 'answer';
    like $t->error_log, qr/git repack in \S+broken ended with status/, 'the log has the reason';
    is_deeply [leftovers('broken')], [], 'nothing is left';
};

subtest 'rcapi-admin maintain' => sub {
    due('due1');
    packed('due2', 3);
    is $t->admin(qw(maintain --all --due --prune)) =~ s/^(\w+):.*\n(?:\1:.*\n)*/$1 /mgr, 'due1 ', 'only what is due';
    like $t->admin('maintain', 'due2'), qr/^due2: git repack: \d+ packs/m, 'by name';
    is packs('due2'), 1, 'packed';
    like $t->admin('maintain', 'g//r', 'due2'), qr{^g/r: .*^due2: }ms, 'several';
    $t->must(create_repo => { repo_name => 'other', repo_type => 'svn' });
    my $all = $t->try_admin(qw(maintain --all));
    is $all->{exit}, 1, 'all';
    like $all->{err}, qr/\Arcapi-admin: broken: git repack in .*[^\n]\n\z/s, 'what fails is named';
    unlike $all->{err}, qr/other|svn/, 'what needs no maintenance is left out';
    like $t->try_admin(qw(maintain other))->{err}, qr/\Arcapi-admin: other: repositories of type svn have no maint/,
        'one of another type, asked for by name';
    for my $wrong (['maintain'], [qw(maintain --all due1)], [qw(maintain --foo)]) {
        is $t->try_admin(@$wrong)->{exit}, 2, "@$wrong";
    }
    my $none = $t->try_admin(qw(maintain nope due1));
    is $none->{exit}, 1, 'one that does not exist';
    like $none->{err}, qr/repository `nope` does not exist/, 'is named';
    like $none->{out}, qr/^due1: /m, 'and the other one is done';
};

subtest 'check --repair removes leftovers' => sub {
    my $r = packed('left', 1);
    mkdir "$r->{path}/objects/tmp_objdir-incoming-x";
    spew("$r->{path}/objects/$_", 'x') for qw(tmp_objdir-incoming-x/pack tmp_objdir-incoming-x/y pack/tmp_pack_z);
    my $told = $t->try_admin(qw(check --repair));
    is scalar(leftovers('left')), 2, 'not those of programs that may still run';
    utime +(time - 3 * 3600) x 2, $_
        for glob("$r->{path}/objects/tmp_objdir-incoming-x/* $r->{path}/objects/pack/tmp_*"),
            "$r->{path}/objects/tmp_objdir-incoming-x";
    $told = $t->try_admin(qw(check --repair));
    like $told->{err}, qr{/left: removed 2 leftovers of programs that were interrupted}, 'old ones';
    is_deeply [leftovers('left')], [], 'are gone';
};

subtest 'a writer stops it' => sub {
    my %change = (
        rename => sub { $t->call(update_repo => { repoid => $_[0], name => "$_[0]-new" }) },
        delete => sub { $t->call(delete_repo => { repoid => $_[0] }) },
        group => sub { $t->call(update_repo_group => { repogroupid => 'blocked', group_name => 'free' }) },
    );
    for my $what (sort keys %change) {
        my $name = $what eq 'group' ? 'blocked/r' : "stop-$what";
        packed($name, 2);
        block($name);
        my $answer = later(maintenance => { repoid => $name });
        ok patiently(20, sub { git_in($name) }), "$what: it runs";
        my $began = time;
        is $change{$what}->($name)->{error}, undef, '... the change does not fail';
        cmp_ok time - $began, '<', 30, '... and waits for seconds at most';
        like $answer->()->{error}, qr/\AThe maintenance of `$name` stopped for another change; try again later/,
            '... the maintenance says why it stopped';
        ok patiently(20, sub { !git_in($name) }), '... and its programs are gone';
    }
};

subtest 'one at a time' => sub {
    packed($_, 1) for qw(first second);
    block('first');
    my $first = later(maintenance => { repoid => 'first' });
    ok patiently(20, sub { git_in('first') }), 'one runs';
    my $second = later(maintenance => { repoid => 'second' });
    is $t->must(get_repo => { repoid => 'second' })->{repo_name}, 'second', 'other calls are answered';
    is packs('second'), 1, 'the other one waits';
    kill KILL => git_in('first');
    is $first->()->{error}, 'Unable to execute maintenance on `first`', 'git was killed: the answer says so';
    is $second->()->{error}, undef, 'then the other one runs';
    unblock('first');
    is fsck('first'), '', 'and nothing is lost';
    is_deeply [leftovers('first')], [], 'or left';
};

subtest 'in the background' => sub {
    clone('cloned');
    ok patiently(30, sub { bitmaps('cloned') }), 'after a clone';
    $t->must(fork_repo => { repoid => 'cloned', fork_name => 'forked' });
    is bitmaps('forked'), 1, 'a fork has it at once';
    ok patiently(30, sub { $t->error_log =~ /maintenance of cloned: git pack-refs --all;git repack: / }),
        'the log says it';
};

subtest 'a restart does not wait for it' => sub {
    hang('hangs');
    ok patiently(30, sub { git_in('hangs') }), 'git runs and does not end';
    $t->reload;
    ok patiently(30, sub { !git_in('hangs') }), 'graceful: it is stopped';
    is $t->must(get_repo => { repoid => 'hangs' })->{repo_name}, 'hangs', 'and calls are answered';
    hang('hangs2');
    ok patiently(30, sub { git_in('hangs2') }), 'another one';
    $t->kill_child;
    ok patiently(30, sub { !grep { slurp_or("/proc/$_/cmdline") =~ /\Agit\0repack/ } git_in('hangs2') }),
        'kill -9 of the process: git goes with it';
    is $t->call(update_repo => { repoid => 'hangs2', name => 'moved' })->{error}, undef, 'no lock is left';
    kill KILL => git_in('hangs2'), git_in('moved'); # what repack had started
    unblock('moved');
    is fsck('moved'), '', 'nothing is lost';
};

subtest 'readers go on' => sub {
    my $r = packed('read', 12);
    my $stop = "$t->{dir}/scratch/stop";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        while (!-e $stop) {
            $t->call(maintenance => { repoid => 'read' });
            $t->git($r->{work}, qw(commit -q --allow-empty -m more));
            $t->git($r->{path}, qw(-c fetch.unpackLimit=1 fetch -q), $r->{work}, '+refs/heads/*:refs/heads/*');
        }
        POSIX::_exit(0);
    }
    my %failed;
    for (1 .. 150) {
        my $told = $t->call(get_repo_changesets => { repoid => 'read', start_rev => '0', limit => 15 });
        $failed{ $told->{error} }++ if defined $told->{error};
    }
    spew($stop, '');
    waitpid $pid, 0;
    is_deeply \%failed, {}, 'no call fails while packs come and go';
};

$t->done;
done_testing;
