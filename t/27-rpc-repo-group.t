#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Repository groups: contract 02 §1.4, §7, §10 delete_repo_group; 01 §5 to §7, §10; 05 OPEN-9, Names.
use strict;
use warnings;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use RCAPI::Test;

my $t = RCAPI::Test->new;
my %user = map { $_ => $t->user($_) } qw(bob eve zoe);
my $root = "$t->{dir}/data/repos";
my $FORBIDDEN = 'Access was denied to this resource.';
my ($true, $false) = (JSON::PP::true, JSON::PP::false);

sub error { return $t->call(@_)->{error} }
sub group { return $t->must(get_repo_group => { repogroupid => $_[0] }, @_[1 .. $#_]) }
sub rows { return [map { "$_->{type} $_->{name} $_->{permission} $_->{origin}" } @{ $_[0]{members} }] }
sub create {
    my ($name, %args) = @_;
    my @as = (as => delete $args{as} // 'admin');
    return $t->call(create_repo_group => { group_name => $name, %args }, @as)
}
sub update {
    my ($id, %args) = @_;
    my @as = (as => delete $args{as} // 'admin');
    return $t->call(update_repo_group => { repogroupid => $id, %args }, @as)
}
sub must_create { my $a = create(@_); die $a->{error} if $a->{error}; return $a->{result}{repo_group} }
sub new_repo { my ($name, %args) = @_; $t->must(create_repo => { repo_name => $name, repo_type => 'git', %args }) }
sub names { return join ' ', map { $_->{group_name} } @{ $t->must(get_repo_groups => {}, @_) } }
sub repos { return join ' ', sort map { $_->{repo_name} } @{ $t->must(get_repos => {}, @_) } }

# Gives everybody but super-admins a global right, for a while: the default user's row is $to, not $from.
sub with_global {
    my ($from, $to, $code) = @_;
    $t->sql("UPDATE user_global_permission SET name = '$to' WHERE name = '$from'");
    $code->();
    $t->sql("UPDATE user_global_permission SET name = '$from' WHERE name = '$to'");
}
sub grant {
    my ($group, $user, $level, @more) = @_;
    $t->must(grant_user_permission_to_repo_group => { repogroupid => $group, userid => $user, perm => "group.$level",
        @more })
}

subtest 'create_repo_group' => sub {
    my $answer = create('g');
    my $id = $answer->{result}{repo_group}{group_id};
    is_deeply $answer, { id => 1, error => undef, result => { msg => 'Created new repo group `g`', repo_group => {
        group_id => $id, group_name => 'g', group_description => 'g', parent_group => undef, repositories => [],
        owner => 'admin' } } },
        'answer';
    ok -d "$root/g", 'its directory';
    is_deeply rows(group('g')), ['user admin group.admin owner', 'user default group.read permission'],
        'no row for a super-admin';
    is create('//g//h//', description => 'D', owner => 'bob')->{result}{msg}, 'Created new repo group `g/h`',
        'cleaned';
    is_deeply [@{ group('g/h') }{qw(group_description parent_group owner)}], ['D', 'g', 'bob'],
        'description, parent, owner';
    ok -d "$root/g/h", 'its directory below';
    is_deeply rows(group('g/h')), ['user admin group.admin super-admin', 'user bob group.admin owner',
        'user default group.read permission', 'user bob group.admin permission'], 'a row for another owner';
    is create('g/byid', owner => $user{eve}{user_id})->{result}{repo_group}{owner}, 'eve', 'owner by id';
    is create("\x{fc} \x{1f600}")->{error}, undef, 'unicode';
    is create($_)->{error}, 'repo group `g/h` already exist', "taken: $_" for 'g/h', '/g//h/';
    is create('g/h', owner => 'nobody')->{error}, 'repo group `g/h` already exist', 'taken comes before the owner';
    is create('x/y')->{error}, 'repository group `x` does not exist', 'parents are not made';
    is create('g/x/y')->{error}, 'repository group `g/x` does not exist', 'nor deeper ones';
    is create('n', owner => 'nobody')->{error}, 'failed to create repo group `n`', 'unknown owner';
    for my $name ('', '/', '.', '..', '.git', 'g/.hidden', ':', 'a:b', '<test>', 'a\\b', "a\nb", '_x', '123',
        'z' x 256,
                  'rm__20200101_000000_123456__x', 'g/rm__20200101_000000_123456_GROUP_x') {
        my $clean = join '/', grep { length } split m{/}, $name;
        is create($name)->{error}, "failed to create repo group `$clean`", 'refused: ' . ($name =~ s/[^ -~]/?/gr);
    }
    is create(undef)->{error}, 'failed to create repo group `None`', 'null';
    like create({})->{error}, qr/^failed to create repo group/, 'an object';
    is error(create_repo_group => {}), 'Missing non optional `group_name` arg in JSON DATA', 'missing';
    new_repo('g/repo');
    is create('g/repo')->{error}, 'failed to create repo group `g/repo`', 'a repository has that path';
    is names(), "g g/byid g/h \x{fc} \x{1f600}", 'nothing of these was made';
    is_deeply [grep { !/\.done$/ } glob "$root/.rc_tmp/*"], [], 'no work folder stays behind';
    mkdir "$root/restored" or die $!;
    mkdir "$root/restored/kept" or die $!;
    is create('restored')->{error}, undef, 'a folder that no group has is taken';
    ok -d "$root/restored/kept", 'as it is';
    $t->must(delete_repo_group => { repogroupid => 'restored' });
};

subtest 'create_repo_group: parent, as Kallithea says' => sub {
    my $make = sub { $t->call(create_repo_group => {@_}) };
    $t->must(create_repo_group => { group_name => 'ka' });
    my ($id) = $t->sql("SELECT group_id FROM repo_group WHERE group_name = 'ka'") =~ /(\d+)/;
    my $made = $make->(group_name => 'one', parent => 'ka')->{result};
    is $made->{msg}, 'Created new repo group `ka/one`', 'by path';
    is $made->{repo_group}{parent_group}, 'ka', 'below it';
    is $make->(group_name => 'two', parent => 0 + $id)->{result}{repo_group}{group_name}, 'ka/two', 'by id';
    is $make->(group_name => 'three', parent => $_)->{error}, $_ ? 'repository group `nope` does not exist' : undef,
        'parent ' . ($_ // 'null')
        for 'nope', undef;
    is $make->(group_name => 'one', parent => 'ka')->{error}, 'repo group `ka/one` already exist', 'taken';
    $t->must(delete_repo_group => { repogroupid => $_ }) for qw(ka/one ka/two ka three);
};

subtest 'create_repo_group: who' => sub {
    is create('b', as => 'bob')->{error}, $FORBIDDEN, 'top level';
    is create('g', as => 'bob')->{error}, $FORBIDDEN, 'not told that it is taken';
    is create('g/b', as => 'bob')->{error}, $FORBIDDEN, 'a reader of the parent';
    is create('x/b', as => 'bob')->{error}, 'repository group `x` does not exist', 'no such parent';
    grant('g', 'default', 'none');
    is create('g/b', as => 'bob')->{error}, 'repository group `g` does not exist',
        'a parent that he may not see: the same';
    grant('g', 'default', 'read');
    is create('g/h/b', as => 'bob')->{error}, undef, 'admin of the parent';
    is create('g/h/b', as => 'bob')->{error}, 'repo group `g/h/b` already exist', 'then he is told';
    is create('g/h/e', as => 'bob', owner => 'eve')->{result}{repo_group}{owner}, 'eve', 'and may name an owner';
    with_global('hg.repogroup.create.false', 'hg.repogroup.create.true', sub {
        is create('zoes', as => 'zoe')->{result}{repo_group}{owner}, 'zoe', 'hg.repogroup.create.true: top level';
        is create('g/zoes', as => 'zoe')->{error}, undef, 'and anywhere';
        is create('g', as => 'zoe')->{error}, 'repo group `g` already exist', 'and is told';
    });
    is create('zoes/mine', as => 'zoe')->{error}, undef, 'in his own';
};

subtest 'create_repo_group: permissions' => sub {
    $t->must(create_user_group => { group_name => $_ }) for 'devs', 'ops';
    must_create('src', owner => 'bob');
    grant('src', @$_) for ['eve', 'write'], ['zoe', 'none'], ['default', 'none'];
    $t->must(grant_user_group_permission_to_repo_group => { repogroupid => 'src', usergroupid => $_->[0],
        perm => $_->[1] })
        for ['ops', 'group.read'], ['devs', 'group.write'];
    my @groups = ('user_group ops group.read permission', 'user_group devs group.write permission');
    must_create('src/copy', copy_permissions => 'true');
    is_deeply rows(group('src/copy')), ['user admin group.admin owner', 'user default group.none permission',
        'user bob group.admin permission', 'user eve group.write permission', 'user zoe group.none permission',
        @groups], 'all rows copied';
    must_create('src/zoe', copy_permissions => 1, owner => 'zoe');
    is_deeply rows(group('src/zoe')), ['user admin group.admin super-admin', 'user zoe group.admin owner',
        'user default group.none permission', 'user bob group.admin permission', 'user zoe group.admin permission',
        'user eve group.write permission', @groups], "but the new owner's";
    must_create('src/plain');
    is_deeply rows(group('src/plain')), ['user admin group.admin owner', 'user default group.read permission'],
        'not asked for';
    must_create('top', copy_permissions => 1);
    is_deeply rows(group('top')), ['user admin group.admin owner', 'user default group.read permission'],
        'no parent: no effect';
    is error(get_repo_group => { repogroupid => 'src/copy' }, as => 'zoe'),
        'repository group `src/copy` does not exist', 'a copied none';
    is group('src/copy', as => 'eve')->{group_name}, 'src/copy', 'a copied write';
    with_global('group.read', 'group.write', sub {
        is rows(must_create('w') && group('w'))->[1], 'user default group.write permission',
            "the default user's global level";
    });
};

subtest 'copy_permissions: only of a group that the caller may see' => sub {
    must_create('closed', owner => 'bob');
    grant('closed', default => 'none');
    with_global('hg.repogroup.create.false', 'hg.repogroup.create.true', sub {
        is create('closed/kept', copy_permissions => 1, as => 'eve')->{error}, undef, 'the right to create anywhere';
        $t->must(create_repo => { repo_name => "closed/$_", repo_type => 'git', copy_permissions => 1 }, as => $_)
            for qw(eve bob);
    });
    is_deeply rows(group('closed/kept')), ['user admin group.admin super-admin', 'user eve group.admin owner',
        'user default group.read permission', 'user eve group.admin permission'],
        'nothing of the hidden group is told: create_repo_group';
    my $rows = sub { rows($t->must(get_repo => { repoid => $_[0] })) };
    is_deeply $rows->('closed/eve'), ['user admin repository.admin super-admin', 'user eve repository.admin owner',
        'user default repository.read permission'], 'create_repo';
    is_deeply $rows->('closed/bob'), ['user admin repository.admin super-admin', 'user bob repository.admin owner',
        'user default repository.none permission', 'user bob repository.admin permission'], 'who may see it copies';
    $t->must(delete_repo => { repoid => "closed/$_" }) for qw(eve bob);
    $t->must(delete_repo_group => { repogroupid => $_ }) for qw(closed/kept closed);
};

subtest 'get_repo_group, get_repo_groups' => sub {
    new_repo('g/' . $_) for 'b', 'a', 'h/deep';
    new_repo('g/secret', private => 1);
    my $group = group('g');
    is_deeply $group->{repositories}, ['g/a', 'g/b', 'g/repo', 'g/secret'], 'direct repositories, by name';
    is_deeply group($group->{group_id}), $group, 'by id';
    is_deeply group("$group->{group_id}"), $group, 'by id as text';
    is_deeply group('g', as => 'zoe')->{repositories}, ['g/a', 'g/b', 'g/repo'],
        'nobody is told of what he may not read';
    is error(get_repo_group => { repogroupid => $_ }), "repository group `$_` does not exist", "unknown: $_"
        for 'nope', 9999, 'g/', 'g/a';
    is error(get_repo_group => { repogroupid => undef }), 'repository group `None` does not exist', 'null';
    is error(get_repo_group => {}), 'Missing non optional `repogroupid` arg in JSON DATA', 'missing';
    is error(get_repo_group => { repogroupid => 'src' }, as => 'zoe'), 'repository group `src` does not exist',
        'refused';
    my $all = $t->must('get_repo_groups');
    is_deeply [map { $_->{group_name} } @$all], [sort map { $_->{group_name} } @$all], 'by name';
    my ($g) = grep { $_->{group_name} eq 'g' } @$all;
    delete $group->{members};
    is_deeply $g, $group, 'the same object without members';
    my %zoe = map { $_->{group_name} => join ' ', @{ $_->{repositories} } }
        @{ $t->must(get_repo_groups => {}, as => 'zoe') };
    is_deeply [map { $zoe{$_} } qw(g g/h g/byid src/zoe)], ['g/a g/b g/repo', 'g/h/deep', '', ''],
        'each with its repositories';
    ok !exists $zoe{src} && !exists $zoe{'src/copy'}, 'only groups that he may read';
    new_repo('made/on/way/r');
    is_deeply [@{ group('made/on') }{qw(owner group_description parent_group)}], ['admin', 'made/on group', 'made'],
        'an implicit one';
};

subtest 'update_repo_group: row' => sub {
    my $id = group('g/h')->{group_id};
    is_deeply update('g/h', description => 'new', owner => 'eve'), { id => 1, error => undef, result => {
        msg => "updated repository group ID:$id g/h",
        repo_group => { group_id => $id, group_name => 'g/h', group_description => 'new',
            parent_group => 'g', repositories => ['g/h/deep'], owner => 'eve' } } }, 'answer';
    is update($id, owner => $user{bob}{user_id}, as => 'eve')->{result}{repo_group}{owner}, 'bob',
        'by its admin; owner by id';
    is update($id)->{result}{repo_group}{group_description}, 'new', 'nothing sent, nothing changed';
    is update($id, map { $_ => undef } qw(group_name description owner enable_locking))->{error}, undef,
        'null is nothing';
    is update('g/h', description => '')->{result}{repo_group}{group_description}, '', 'empty description';
    is update('nope')->{error}, 'repository group `nope` does not exist', 'unknown';
    is update('g/h', as => 'zoe', owner => 'nobody')->{error}, 'repository group `g/h` does not exist', 'a reader';
    is update('src', as => 'zoe')->{error}, 'repository group `src` does not exist', 'refused';
    is error(update_repo_group => {}), 'Missing non optional `repogroupid` arg in JSON DATA', 'missing';
    is update('g/h', owner => 'nobody', description => 'x')->{error}, 'failed to update repository group `g/h`',
        'unknown owner';
    is update($id, parent => 'nope')->{error}, "failed to update repository group `$id`", 'unknown parent; as sent';
    is group('g/h')->{group_description}, '', 'no failure changed anything';
    my $flags = sub { return join ' ', split /\n/,
        $t->sql("SELECT group_name || enable_locking FROM repo_group WHERE group_name LIKE 'g%'
        UNION ALL SELECT repo_name || enable_locking FROM repo WHERE repo_name LIKE 'g/%' ORDER BY 1") };
    my $before = $flags->();
    update('g/h', enable_locking => 'true');
    is $flags->(), $before =~ s{(g/h\S*)0}{${1}1}gr, 'enable_locking goes to all below, and nowhere else';
    update('g', description => 'other');
    is $flags->(), $before =~ s{(g/h\S*)0}{${1}1}gr, 'only when it is sent';
    update('g', enable_locking => $false);
    is $flags->(), $before, 'and back';
    new_repo('g/h/after');
    is $t->must(get_repo => { repoid => 'g/h/after' })->{enable_locking}, $false,
        'new repositories take it from the group';
};

subtest 'update_repo_group: names and places' => sub {
    my $fail = sub { is update(@_[0 .. $#_ - 1])->{error}, "failed to update repository group `$_[0]`", $_[-1] };
    $fail->('g/h', group_name => $_, "name '" . ($_ =~ s/[^ -~]/?/gr) . "'")
        for '', 'a/b', '/', '.', '..', '.x', 'a:b', "a\nb", 'y' x 254, 'rm__20200101_000000_123456__x', 'byid', 'a';
    $fail->('zoes', group_name => $_, "name '$_' at top level") for '77', '_x', 'g';
    $fail->('g', parent => $_, "parent '$_' is inside of it") for 'g', 'g/h', 'g/h/b', group('g')->{group_id};
    $fail->('g', parent => 'g/repo', 'a repository is no parent');
    $fail->('g', parent => [], 'a list');
    must_create('other');
    must_create('other/h');
    $fail->('g/h', parent => 'other', 'taken there');
    like $t->error_log, qr/update_repo_group failed .*: there is a group of this name already /, 'the log says why';
    is names() =~ m{g g/byid g/h g/h/b g/h/e g/zoes} ? 1 : 0, 1, 'no failure changed anything';
    ok -d "$root/g/$_", "$_ is in its place" for 'h/b', 'byid';
    mkdir "$root/other/byid" or die $!;
    mkdir "$root/other/byid/kept" or die $!;
    is update('g/byid', parent => 'other')->{error}, undef, 'a folder that no group has is no hindrance';
    ok glob("$root/.rc_left/*/other/byid/kept"), 'it is set aside';
    is update('other/byid', parent => 'g')->{error}, undef, 'and back';
    ok !-e "$root/other/byid" && -d "$root/g/byid", 'without it';
    $t->run('rm', '-r', "$root/.rc_left");
    new_repo('long/' . 'r' x 240);
    $fail->('long', group_name => 'l' x 20, 'the name of a repository below would get too long');
    is update('long', group_name => 'l' x 14)->{error}, undef, 'just not too long';
    is update('g/h', group_name => 'H', parent => 'other')->{result}{repo_group}{group_name}, 'other/H',
        'moved and renamed';
    is_deeply [@{ group('other/H/b') }{qw(parent_group group_name)}], ['other/H', 'other/H/b'], 'with its groups';
    is_deeply group('other/H')->{repositories}, ['other/H/after', 'other/H/deep'], 'and its repositories';
    ok -d "$root/other/H/deep/objects" && !-e "$root/g/h", 'and its directory';
    is update('other/H', parent => undef)->{result}{repo_group}{group_name}, 'H', 'parent null: top level';
    is_deeply [@{ group('H') }{qw(parent_group)}], [undef], 'without a parent';
    is update('H', parent => undef)->{error}, undef, 'where it is';
    is update('H', parent => group('g')->{group_id}, group_name => 'h')->{result}{repo_group}{group_name}, 'g/h',
        'parent by id';
    is update('g/h', parent => '')->{result}{repo_group}{group_name}, 'h', 'an empty parent is none';
    update('h', parent => 'g');
    is $t->must(get_repo => { repoid => 'g/h/deep' })->{repo_name}, 'g/h/deep', 'back';
    is $t->sql("SELECT count(*) FROM repo r LEFT JOIN repo_group g USING (group_id)
                 WHERE r.group_id IS NOT NULL AND r.repo_name NOT LIKE g.group_name || '/%'"), "0\n",
                 'paths and parents agree';
    rmdir "$root/zoes/mine" or die $!;
    is update('zoes/mine', group_name => 'ours')->{error}, undef, 'a group whose directory is gone';
};

subtest 'update_repo_group: who may move where' => sub {
    must_create('bobs', owner => 'bob');
    must_create('bobs/one', owner => 'bob');
    is update('bobs/one', group_name => 'two', as => 'bob')->{error}, undef, 'rename: admin of the group';
    is update('bobs/two', parent => 'bobs', as => 'bob')->{error}, undef, 'the parent it has';
    is update('bobs/two', parent => undef, as => 'bob')->{error}, 'failed to update repository group `bobs/two`',
        'to top level';
    is update('bobs/two', parent => 'other', as => 'bob')->{error}, 'failed to update repository group `bobs/two`',
        'where he may read';
    is update('bobs/two', parent => 'src/zoe', as => 'bob')->{error}, undef, 'where he is admin';
    is update('src/zoe/two', parent => 'bobs', as => 'bob')->{error}, undef, 'and back';
    with_global('hg.repogroup.create.false', 'hg.repogroup.create.true', sub {
        is update('bobs/two', parent => undef, as => 'bob')->{result}{repo_group}{group_name}, 'two',
            'hg.repogroup.create.true';
    });
    is update('two', parent => undef, as => 'bob')->{error}, undef, 'at top level already';
};

# The two raw views of a repository; undef for a status that is not 200.
sub diff {
    my ($name) = @_;
    my $answer = $t->get("/$name/changeset-diff/tip", as => 'admin');
    return $answer->status == 200 ? $answer->body : $answer->status;
}

subtest 'update_repo_group: a tree of 50 repositories' => sub {
    my @names = map { ("tree/r$_", "tree/sub$_/r", "tree/deep/er$_/r", "tree/deep/r$_", "tree/x$_") } 1 .. 10;
    my $source = "$t->{dir}/scratch/source";
    RCAPI::Git::init($source);
    RCAPI::Git::history($source, 3, 9);
    $t->repo($_, from => $source) for @names;
    my $diff = diff($names[0]);
    like $diff, qr/^diff --git/, 'a raw diff';
    is scalar(grep { diff($_) ne $diff } (@names) x 2), 0, 'of each, so that every child knows some';
    is update('tree', group_name => 'forest', parent => 'other')->{error}, undef, 'moved';
    my @new = map { s{^tree}{other/forest}r } @names;
    is scalar(grep { diff($_) ne $diff } @new), 0, 'all is served under the new name';
    is_deeply [map { diff($_) } @names], [(404) x 50], 'nothing under the old one';
    is repos() =~ /tree/ ? 1 : 0, 0, 'nor listed';
    ok !-e "$root/tree" && -d "$root/other/forest/deep/er3/r/objects", 'one directory was renamed';
    my $repo = $t->repo('tree/r1', commits => 2, seed => 77);
    my $other = $t->git($repo->{work}, qw(diff --full-index --binary -p -M HEAD~1 HEAD));
    is diff('tree/r1'), $other, 'another repository under the old name' for 1 .. 4;
    is update('other/forest', group_name => 'tree', parent => undef)->{error},
        'failed to update repository group `other/forest`',
        'the old place is taken';
    is diff($new[0]), $diff, 'all stays where it is';
    chmod 0500, "$root/other" or die $!;
    SKIP: {
        skip 'root may write everywhere', 2 if $> == 0;
        is update('other/forest', parent => undef)->{error}, 'failed to update repository group `other/forest`',
            'the disk refuses';
        is_deeply [diff($new[0]), group('other/forest')->{parent_group}], [$diff, 'other'],
            'and the database has not changed';
    }
    chmod 0700, "$root/other" or die $!;
    is $t->try_admin('check')->{out}, '', 'database and disk agree';
};

# Runs code in processes at once, each with its number; how many failed.
sub together {
    my ($n, $code) = @_;
    my @pids = map {
        my $i = $_;
        my $pid = fork // die $!;
        if (!$pid) { my $ok = eval { $code->($i); 1 }; print STDERR $@ unless $ok; POSIX::_exit($ok ? 0 : 1) }
        $pid;
    } 1 .. $n;
    return scalar grep { waitpid $_, 0; $? } @pids;
}

subtest 'a tree moves while things are made in it' => sub {
    must_create($_) for 'here', 'there', 'here/moving';
    is together(4, sub {
        my ($i) = @_;
        for my $n (1 .. 15) {
            my $error = $i == 1 ? update($n % 2 ? 'here/moving' : 'there/moving', parent => $n % 2 ? 'there' : 'here')
                ->{error}
                : $i == 2 ? create(($n % 2 ? 'here' : 'there') . "/moving/g$n")->{error}
                : error(create_repo => { repo_name => ($n % 2 ? 'here' : 'there') . "/moving/r$i-$n",
                    repo_type => 'git' });
            die "$i $n: $error\n" if ($error // '') =~ /Internal|locked/;
        }
    }), 0, 'no internal error';
    is $t->sql("SELECT count(*) FROM repo r JOIN repo_group g USING (group_id)
        WHERE r.repo_name NOT LIKE g.group_name || '/%'
         OR r.repo_name LIKE g.group_name || '/%/%'"), "0\n", 'each repository is in its group';
    is $t->sql("SELECT count(*) FROM repo_group c JOIN repo_group p ON p.group_id = c.parent_id
         WHERE c.group_name NOT LIKE p.group_name || '/%'"), "0\n", 'each group in its parent';
    is_deeply [grep { !-d "$root/$_/objects" } split /\n/, $t->sql("SELECT repo_name FROM repo")], [],
        'each repository is on the disk';
    my @unknown = grep { !/^$/ } split /\n/,
        $t->run('find', $root, '-name', 'objects', '-not', '-path', '*/rm__*')->{out};
    is scalar(@unknown), 0 + $t->sql('SELECT count(*) FROM repo'), 'and no other';
    is_deeply [grep { !/\.done$/ } glob "$root/.rc_tmp/*"], [], 'nothing half done';
};

subtest 'a group stays where it is while something is pulled below it' => sub {
    must_create($_) for 'busy', 'busy/sub';
    new_repo('busy/sub/r');
    my $remote = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die $@;
    $t->must(update_repo => { repoid => 'busy/sub/r', clone_uri => 'git://127.0.0.1:' . $remote->sockport . '/r' });
    my $begin = sub { my ($code) = @_; my $pid = fork // die $!; $pid or POSIX::_exit($code->() ? 0 : 1); $pid };
    my $pull = $begin->(sub { (error(pull => { repoid => 'busy/sub/r' }) // '') =~ /^Unable/ });
    my $git = $remote->accept; # the repository is locked, git waits for us
    my $rename = $begin->(sub { !update('busy', group_name => 'calm')->{error} });
    is update('busy/sub', description => 'D')->{error}, undef, 'other changes need not wait';
    sleep 1;
    is waitpid($rename, POSIX::WNOHANG()), 0, 'the rename waits';
    ok -d "$root/busy/sub/r/objects", 'for the pull';
    $git->shutdown(2);
    is join(' ', map { waitpid $_, 0; $? } $pull, $rename), '0 0', 'which fails; then the group is renamed';
    ok -d "$root/calm/sub/r/objects" && !-e "$root/busy", 'directory and all';
};

subtest 'whoever moves a tree is killed' => sub {
    my $id = group('other/forest')->{group_id};
    my ($interrupted, $wrong, @bad) = (0, 0);
    my $move = sub {
        my $pid = fork // die $!;
        return $pid if $pid;
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        exec $t->program('rcapi-admin'), $t->admin_place, qw(call update_repo_group), "repogroupid:$id",
            "group_name:wood$_[0]"
            or POSIX::_exit(127);
    };
    my $time = time;
    waitpid $move->($_), 0 for -3 .. -1;
    my $span = (time() - $time) / 3;
    for my $n (1 .. 40) {
        my $pid = $move->($n);
        sleep $span * (0.3 + $n % 20 * 0.04);
        kill KILL => $pid;
        waitpid $pid, 0;
        $interrupted += () = glob "$root/.rc_tmp/*.op";
        my $name = group($id)->{group_name};
        $wrong++ if -d "$root/$name" ? 0 : 1;
        my $error = create("$name/n$n")->{error}; # the server's next write puts it in order
        push @bad, $error if $error;
        push @bad, grep { !-d "$root/$_/objects" } split /\n/,
            $t->sql("SELECT repo_name FROM repo WHERE repo_name LIKE '$name/%'");
        push @bad, "$name: " . diff("$name/r1") if diff("$name/r1") !~ /^diff/;
        push @bad, glob "$root/.rc_tmp/*.op";
    }
    is_deeply \@bad, [], 'after the next write database and disk agree';
    note "$interrupted were interrupted, $wrong with the directory under a name that the database did not know";
    is scalar(() = glob "$root/other/wood*"), 1, 'there is one tree';
    my $check = $t->try_admin('check');
    is "$check->{exit} $check->{out}", '0 ', 'rcapi-admin check finds nothing';
};

subtest 'rights: users' => sub {
    must_create('p', owner => 'bob');
    must_create('p/q');
    new_repo('p/r');
    grant('p', 'default', 'none');
    is error(get_repo_group => { repogroupid => 'p/q' }, as => 'eve'), undef, 'a group below is a group of its own';
    is error(get_repo_group => { repogroupid => 'p' }, as => 'eve'), 'repository group `p` does not exist', 'closed';
    is_deeply $t->call(grant_user_permission_to_repo_group => { repogroupid => 'p', userid => 'eve',
        perm => 'group.read' }),
        { id => 1, error => undef, result => {
            msg => 'Granted perm: `group.read` (recursive:none) for user: `eve` in repo group: `p`',
            success => $true } }, 'grant';
    is group('p', as => 'eve')->{group_name}, 'p', 'he may read now';
    is create('p/n', as => 'eve')->{error}, $FORBIDDEN, 'not make groups';
    is_deeply $t->must(grant_user_permission_to_repo_group => { repogroupid => group('p/q')->{group_id},
        userid => $user{eve}{user_id},
        perm => 'group.admin', apply_to_children => 'bogus' }), {
        msg => 'Granted perm: `group.admin` (recursive:bogus) for user: `eve` in repo group: `q`', success => $true },
        'by ids; the last part of the path; unknown recursion as sent, and none';
    is create('p/q/n', as => 'eve')->{error}, undef, 'admin: he makes groups';
    is_deeply [@{ rows(group('p/q')) }[1, 2]],
        ['user default group.read permission', 'user eve group.admin permission'], 'the rows';
    is_deeply $t->must(revoke_user_permission_from_repo_group => { repogroupid => 'p/q', userid => 'eve' },
        as => 'admin'), {
        msg => 'Revoked perm (recursive:none) for user: `eve` in repo group: `q`', success => $true }, 'revoke';
    is create('p/q/m', as => 'eve')->{error}, $FORBIDDEN, 'no more';
    is error(revoke_user_permission_from_repo_group => { repogroupid => 'p/q', userid => 'eve' }), undef,
        'nothing to revoke';
    is error(revoke_user_permission_from_repo_group => { repogroupid => 'p', userid => 'eve' }, as => 'bob'), undef,
        'by its owner';
    is error(get_repo_group => { repogroupid => 'p' }, as => 'eve'), 'repository group `p` does not exist',
        'closed again';
    my $try = sub {
        my ($args, $who) = @_;
        return error(grant_user_permission_to_repo_group => { repogroupid => 'p', userid => 'eve',
            perm => 'group.read', %$args },
            as => $who // 'admin');
    };
    is $try->({ repogroupid => 'nope', userid => 'x', perm => 'x' }), 'repository group `nope` does not exist',
        'unknown group first';
    is $try->({ userid => 'x', perm => 'x' }), 'user `x` does not exist', 'then the user';
    is $try->({ perm => 'x' }), 'permission `x` does not exist', 'then the permission';
    is $try->({ perm => $_ }), "permission `$_` is invalid, should start with group.", "prefix of $_"
        for qw(usergroup.read repository.admin hg.repogroup.create.true);
    is $try->({ userid => 'x', perm => 'x' }, 'eve'), 'repository group `p` does not exist', 'outsiders learn nothing';
    is error(revoke_user_permission_from_repo_group => { repogroupid => 'p', userid => 'x' }, as => 'eve'),
        'repository group `p` does not exist', 'revoke: nor here';
    is error(revoke_user_permission_from_repo_group => { repogroupid => 'p', userid => 'x' }),
        'user `x` does not exist', 'revoke: user';
    is error(revoke_user_permission_from_repo_group => { repogroupid => 'p' }),
        'Missing non optional `userid` arg in JSON DATA', 'missing';
    like error(grant_user_permission_to_repo_group => { repogroupid => 'p/q', userid => 'eve', perm => 'group.read',
        apply_to_children => [] }), qr/^failed to edit permission for user: `eve` in repo group: `q`$/, 'the failure';
};

subtest 'rights: user groups' => sub {
    $t->must(add_user_to_user_group => { usergroupid => 'devs', userid => 'eve' });
    $t->must(create_user_group => { group_name => 'shy' });
    $t->must(grant_user_permission_to_user_group => { usergroupid => 'shy', userid => 'default',
        perm => 'usergroup.none' });
    my %both = (repogroupid => 'p', usergroupid => 'devs');
    is_deeply $t->call(grant_user_group_permission_to_repo_group => { %both, perm => 'group.write' }, as => 'bob'),
        { id => 1, error => undef,
        result => { msg => 'Granted perm: `group.write` (recursive:none) for user group: `devs` in repo group: `p`',
            success => $true } },
        'grant, by its owner';
    is group('p', as => 'eve')->{group_name}, 'p', 'a member may read';
    is rows(group('p'))->[-1], 'user_group devs group.write permission', 'in the member list';
    is_deeply $t->must(revoke_user_group_permission_from_repo_group => \%both, as => 'bob'), {
        msg => 'Revoked perm (recursive:none) for user group: `devs` in repo group: `p`', success => $true }, 'revoke';
    is error(revoke_user_group_permission_from_repo_group => \%both), undef, 'nothing to revoke';
    is error(get_repo_group => { repogroupid => 'p' }, as => 'eve'), 'repository group `p` does not exist',
        'closed again';
    for my $verb ('grant', 'revoke') {
        my $method = $verb eq 'grant' ? 'grant_user_group_permission_to_repo_group'
            : 'revoke_user_group_permission_from_repo_group';
        my $try = sub {
            my ($args, $who) = @_;
            return error($method => { %both, $verb eq 'grant' ? (perm => 'group.read') : (), %$args },
                as => $who // 'admin');
        };
        is $try->({ repogroupid => 'nope', usergroupid => 'x' }), 'repository group `nope` does not exist',
            "$verb: unknown group";
        is $try->({ usergroupid => 'x' }), 'user group `x` does not exist', "$verb: unknown user group";
        is $try->({ usergroupid => 'shy' }, 'bob'), 'user group `shy` does not exist',
            "$verb: one that he may not see";
        is $try->({ usergroupid => 'x' }, 'eve'), 'repository group `p` does not exist',
            "$verb: outsiders learn nothing";
        is $try->({ usergroupid => 'shy' }), undef, "$verb: super-admins";
        is $try->({ usersgroupid => 'devs', usergroupid => 'devs' }), undef, "$verb: both names";
        is error($method => { repogroupid => 'p', usersgroupid => 'devs', perm => 'group.read' }), undef,
            "$verb: the old name";
        is error($method => { repogroupid => 'p', perm => 'group.read' }),
            'Missing non optional `usergroupid` arg in JSON DATA', "$verb: missing";
        is $try->({ apply_to_children => {} }), 'failed to edit permission for user group: `devs` in repo group: `p`',
            "$verb: the failure";
    }
    my $try = sub { return error(grant_user_group_permission_to_repo_group => { %both, @_ }) };
    is $try->(perm => 'x', usergroupid => 'x'), 'permission `x` does not exist',
        'the permission comes before the user group';
    is $try->(perm => 'repository.read', usergroupid => 'x'),
        'permission `repository.read` is invalid, should start with group.',
        'and its prefix';
    my $id = $t->must(get_user_group => { usergroupid => 'devs' })->{users_group_id};
    is $try->(perm => 'group.read', usergroupid => $id, apply_to_children => []),
        "failed to edit permission for user group: `$id` in repo group: `p`",
        'the failure of a grant shows what was sent';
    is error(revoke_user_group_permission_from_repo_group => { repogroupid => 'p', usergroupid => $id,
        apply_to_children => [] }),
        'failed to edit permission for user group: `devs` in repo group: `p`', 'that of a revoke its name';
};

subtest 'apply_to_children' => sub {
    must_create($_) for qw(k k/a k/a/b k/c kk);
    new_repo($_) for qw(k/r k/a/r k/a/b/r kk/r);
    new_repo($_, private => 1) for qw(k/p k/a/p);
    # Which groups and repositories have a row for somebody, and its level.
    my $state = sub {
        my ($kind, $id) = @_;
        my $column = $kind eq 'user' ? 'user_id' : 'users_group_id';
        return join ' ', sort split /\n/, $t->sql("
            SELECT group_name || ':' || level FROM ${kind}_repo_group_permission JOIN repo_group USING (group_id)
             WHERE $column = $id AND group_name LIKE 'k%'
            UNION ALL SELECT repo_name || '!' || level FROM ${kind}_repo_permission JOIN repo USING (repo_id)
             WHERE $column = $id AND repo_name LIKE 'k%'");
    };
    my $devs = $t->must(get_user_group => { usergroupid => 'devs' })->{users_group_id};
    my %below = (
        none => [qw(k)], bogus => [qw(k)], groups => [qw(k k/a k/a/b k/c)],
        repos => [qw(k k/a/b/r! k/a/p! k/a/r! k/p! k/r!)],
        all => [qw(k k/a k/a/b k/a/b/r! k/a/p! k/a/r! k/c k/p! k/r!)],
    );
    my $rows = sub {
        my ($level, $which) = @_;
        return join ' ', sort map { (/!$/ ? $_ : "$_:") . $level } @{ $below{$which} }
    };
    for my $case (['user', 'userid', 'zoe', $user{zoe}{user_id}], ['user_group', 'usergroupid', 'devs', $devs]) {
        my ($kind, $arg, $name, $id) = @$case;
        my $call = sub { my ($verb, %args) = @_;
            return $t->must("${verb}_${kind}_permission_" . ($verb eq 'grant' ? 'to' : 'from')
            . '_repo_group' => { repogroupid => 'k', $arg => $name, %args })->{msg} };
        for my $which (sort keys %below) {
            like $call->(grant => perm => 'group.write', apply_to_children => $which), qr/\(recursive:$which\)/,
                "$kind, $which";
            is $state->($kind, $id), $rows->(3, $which), "$kind: granted to $which";
            $call->(grant => perm => 'group.none', apply_to_children => $which);
            is $state->($kind, $id), $rows->(0, $which), "$kind: replaced in $which";
            $call->(revoke => apply_to_children => $which);
            is $state->($kind, $id), '', "$kind: revoked from $which";
        }
        $call->(grant => perm => 'group.admin', apply_to_children => 'all');
        $call->(revoke => apply_to_children => 'groups');
        is $state->($kind, $id), join(' ', map { "${_}4" } qw(k/a/b/r! k/a/p! k/a/r! k/p! k/r!)),
            "$kind: a part revoked";
        $call->(revoke => apply_to_children => 'repos');
    }
    my $default = $t->sql("SELECT user_id FROM users WHERE username = 'default'") + 0;
    grant('k', 'default', 'write', apply_to_children => 'all');
    is $state->(user => $default), 'k/a/b/r!3 k/a/b:3 k/a/p!0 k/a/r!3 k/a:3 k/c:3 k/p!0 k/r!3 k:3 kk/r!1 kk:1',
        'private repositories stay closed to everybody';
    $t->must(revoke_user_permission_from_repo_group => { repogroupid => 'k', userid => 'default',
        apply_to_children => 'all' });
    is $state->(user => $default), 'k/a/p!0 k/p!0 kk/r!1 kk:1', 'revoked, too';
    is error(get_repo => { repoid => 'k/a/b/r' }, as => 'zoe'), 'repository `k/a/b/r` does not exist', 'closed';
    grant('k', 'zoe', 'read', apply_to_children => 'all');
    is $t->must(get_repo => { repoid => 'k/a/p' }, as => 'zoe')->{repo_name}, 'k/a/p',
        'real access, to a private one, too';
    is $t->must(get_repo_group => { repogroupid => 'k/a/b' }, as => 'zoe')->{group_name}, 'k/a/b', 'and to a group';
    $t->must(revoke_user_permission_from_repo_group => { repogroupid => 'k', userid => 'zoe',
        apply_to_children => 'repos' });
    is error(get_repo => { repoid => 'k/a/p' }, as => 'zoe'), 'repository `k/a/p` does not exist', 'closed again';
    is group('k/a/b', as => 'zoe')->{group_name}, 'k/a/b', 'but the group';
};

subtest 'delete_repo_group' => sub {
    my $id = must_create('del', owner => 'bob')->{group_id};
    must_create('del/sub');
    is error(delete_repo_group => { repogroupid => 'del' }), "failed to delete repo group ID:$id del",
        'a group is in it';
    like $t->error_log, qr/delete_repo_group failed .*: repositories or groups are in it /, 'which the log says';
    is error(delete_repo_group => { repogroupid => 'g/zoes' }), undef, 'empty';
    my $g = group('g')->{group_id};
    is error(delete_repo_group => { repogroupid => $g }), "failed to delete repo group ID:$g g",
        'repositories are in it';
    is error(delete_repo_group => { repogroupid => 'del' }, as => 'zoe'), 'repository group `del` does not exist',
        'refused';
    is error(delete_repo_group => { repogroupid => 'nope' }), 'repository group `nope` does not exist', 'unknown';
    is error(delete_repo_group => {}), 'Missing non optional `repogroupid` arg in JSON DATA', 'missing';
    ok -d "$root/del/sub" && -d "$root/g", 'all directories are there';
    my $sub = group('del/sub')->{group_id};
    open my $file, '>', "$root/del/sub/kept" or die $!;
    close $file;
    is_deeply $t->call(delete_repo_group => { repogroupid => 'del/sub' }), { id => 1, error => undef, result => {
        msg => "deleted repo group ID:$sub del/sub", repo_group => undef } }, 'deleted';
    ok !-e "$root/del/sub" && -d "$root/del", 'its directory is gone';
    my ($removed) = glob "$root/rm__*_GROUP_sub";
    like $removed, qr{/rm__\d{8}_\d{6}_\d{6}_GROUP_sub$}, 'to the root, under another name';
    ok -e "$removed/kept", 'with what was in it';
    is error(get_repo_group => { repogroupid => $sub }), "repository group `$sub` does not exist", 'it is unknown now';
    rmdir "$root/del" or die $!;
    is error(delete_repo_group => { repogroupid => $id }, as => 'bob'), undef, 'by its owner, without a directory';
    is_deeply [glob "$root/rm__*_GROUP_del"], [], 'nothing to rename';
    is create('del')->{error}, undef, 'the name is free';
    must_create('x' x 250);
    is error(delete_repo_group => { repogroupid => 'x' x 250 }), undef, 'a long name is cut';
    is scalar(grep { m{/rm__\d{8}_\d{6}_\d{6}_GROUP_x+$} } glob "$root/rm__*"), 1, 'for the directory';
};

$t->done;
done_testing;
