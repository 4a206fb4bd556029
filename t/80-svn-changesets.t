#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Revisions of Subversion repositories by the API (contract 07 §5, §6): changesets in three details, nodes and
# references, held against svn's own output and against the tree that the test made.
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(rounds spew);
use RCAPI::Svn;
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $COUNT = 40;
my (%dump, %url);

sub make {
    my ($name, $dump) = @_;
    $url{$name} = $dump->serve($t, $name);
    return $dump{$name} = $dump;
}

# Revisions are sent as text.
sub changeset {
    my ($repo, $rev, %args) = @_;
    return $t->call(get_repo_changeset => { repoid => $repo, revision => defined $rev ? "$rev" : undef, %args });
}

sub text { my ($bytes) = @_; utf8::decode(my $text = $bytes); return $text }

# author, date, message and parents as svn tells them; what is missing is an empty text.
sub log_of {
    my ($repo) = @_;
    my $xml = text(RCAPI::Svn::svn('log', '--xml', '-r1:HEAD', $url{$repo}));
    my @log;
    for ($xml =~ m{<logentry\s+(.*?)</logentry>}gs) {
        my ($rev) = /revision="(\d+)"/;
        my $entry = $_;
        my %have = map { $_ => $entry =~ m{<$_>(.*?)</$_>}s ? $1 : "" } qw(author date msg);
        s/&lt;/</g, s/&gt;/>/g, s/&amp;/&/g, s/&quot;/"/g for values %have;
        $log[$rev] = \%have;
    }
    # --xml shows empty properties as missing ones, and other line ends: the message comes from svnlook
    my @get = qw(propget --revprop --no-newline svn:log);
    $log[$_]{msg} = text(RCAPI::Svn::svn(@get, '-r', $_, $url{$repo}))
        for grep { $log[$_]{msg} ne '' } 1 .. $#log;
    return @log;
}

# What revision $n does to files: path => op, from the trees that the dump was made of. A file that was replaced
# by the same one is M as well, which the trees do not tell: svn does.
sub changes_of {
    my ($repo, $n) = @_;
    my ($old, $new) = @{ $dump{$repo}{trees} }[ $n - 1, $n ];
    my %ops;
    for my $path (keys %$old, keys %$new) {
        my @sides = ($old->{$path}, $new->{$path}); # a map of the elements themselves would make them
        my ($was, $is) = map { $_ && defined $_->[0] ? $_ : undef } @sides;
        my $same = $was && $is && $was->[0] eq $is->[0]
            && RCAPI::Svn::_props($was->[1]) eq RCAPI::Svn::_props($is->[1]);
        $ops{$path} = !$was ? 'A' : !$is ? 'D' : 'M' if ($was || $is) && !$same;
    }
    for (RCAPI::Svn::svn('log', '-vq', "-r$n", $url{$repo}) =~ m{^   R /(.*?)(?: \(from .*)?$}mg) {
        $ops{$_} //= 'M' if $old->{$_} && $new->{$_} && defined $old->{$_}[0] && defined $new->{$_}[0];
    }
    return \%ops;
}

for my $seed (1 .. rounds(1, 5)) {
    make("random$seed", RCAPI::Svn::history(RCAPI::Svn->dump, $COUNT, $seed));
    subtest "every revision of history $seed" => sub {
        my @log = log_of("random$seed");
        my $dump = $dump{"random$seed"};
        is $#log, $COUNT, 'revisions';
        for my $n (1 .. $COUNT) {
            my $is = changeset("random$seed", $n)->{result};
            is_deeply $is, {
                short_id => "$n", raw_id => "$n", revision => $n - 1, message => $log[$n]{msg},
                date => $log[$n]{date} =~ s/\..*//r, author => $log[$n]{author},
                parents => [$n > 1 ? { raw_id => $n - 1 . '' } : ()], branch => undef, diff => [],
            }, "r$n" or last;
            my $ops = changes_of("random$seed", $n);
            my $diff = changeset("random$seed", $n, details => 'extended')->{result}{diff};
            is_deeply { map { $_->{filename} => $_->{op} } @$diff }, { map { text($_) => $ops->{$_} } keys %$ops },
                "r$n changes these files" or last;
            my @order = map { utf8::encode(my $path = $_->{filename}); index('AMD', $_->{op}) . $path } @$diff;
            is_deeply \@order, [sort @order], "r$n: A, M, D, each sorted";
        }
        is_deeply [map { $_->{raw_id} } @{ $t->must(get_repo_changesets =>
            { repoid => "random$seed", start_rev => '3', limit => 5 }) }], [3 .. 7], 'a list';
    };
}

subtest 'full: hunks, and lines counted' => sub {
    for my $n (1 .. $COUNT) {
        my $full = changeset('random1', $n, details => 'full')->{result};
        my ($old, $new) = @{ $dump{random1}{trees} }[ $n - 1, $n ];
        for my $file (@{ $full->{diff} }) {
            utf8::encode(my $path = $file->{filename});
            my @sides = ($old->{$path}, $new->{$path});
            my ($was, $is) = map { $_ && defined $_->[0] ? $_ : ['', {}] } @sides;
            my $is_binary = sub { $_->[0] =~ /\0/ || ($_->[1]{'svn:mime-type'} // 'text/') !~ m{^text/} };
            my $binary = grep { $is_binary->() } $was, $is;
            next if grep { $_->[1]{'svn:special'} } $was, $is; # below
            my $changed = $was->[0] ne $is->[0];
            my $shown = $changed || $file->{op} ne 'M';
            is !!$file->{stats}{binary}, !!($binary && $shown), "r$n $path: binary" or diag explain $file;
            is $file->{new_revision}, undef, 'no id of a content';
            is $file->{old_revision}, undef, 'and none of the old one';
            next if $binary;
            my ($plus, $minus) = (0, 0);
            $plus++ while $file->{raw_diff} =~ /^\+/mg;
            $minus++ while $file->{raw_diff} =~ /^-/mg;
            is_deeply [@{ $file->{stats} }{qw(added deleted)}], [$plus, $minus], "r$n $path: lines";
            like $file->{raw_diff}, $changed ? qr/\A@@ -\d/ : qr/\A\z/, "r$n $path: hunks alone";
            is $plus - $minus, lines($is->[0]) - lines($was->[0]), "r$n $path: the difference" if $changed;
        }
        is_deeply $full->{refs}, { branches => [undef], bookmarks => [], tags => [] }, "r$n has no labels";
    }
};

sub lines { my ($text) = @_; my $n = $text =~ tr/\n//; return $n + ($text =~ /[^\n]\z/ ? 1 : 0) }

subtest 'the first revision is like all others' => sub {
    my $dump = RCAPI::Svn->dump;
    $dump->revision(log => 'import');
    $dump->dir($_) for 'trunk', 'trunk/a';
    $dump->file($_, "x\n") for 'trunk/b', 'trunk/a/x', 'trunk/a.txt', 'above';
    make('first', $dump);
    is_deeply [map { "$_->{op} $_->{filename}" } @{ changeset('first', 1, details => $_)->{result}{diff} }],
        ['A above', 'A trunk/a.txt', 'A trunk/a/x', 'A trunk/b'], $_ for 'extended';
    is scalar @{ changeset('first', 1, details => 'full')->{result}{diff} }, 4, 'with their diffs';
};

subtest 'revisions' => sub {
    my %wanted = (
        1 => 1, r1 => 1, $COUNT => $COUNT, "r$COUNT" => $COUNT, map({ $_ => $COUNT } 'tip', 'HEAD', 'head', ''),
        trunk => $COUNT, 'branches/one' => $COUNT, 'tags/v1' => $COUNT, '007' => 7,
        map { $_ => undef } 0, r0 => $COUNT + 1, 'r' . ($COUNT + 1), 'r', 'rr1', '-1', '1:2', 'branches', 'branches/',
        'branches/none', 'trunk/src', '{2020-01-01}', 'PREV', 'COMMITTED', '99999999999999999999', 'r1x', '/trunk',
    );
    for my $rev (sort keys %wanted) {
        is changeset('random1', $rev)->{result}{raw_id}, $wanted{$rev} // '0' x 40, "'$rev'";
    }
    is changeset('random1', undef)->{result}{raw_id}, $COUNT, 'null';
    is $t->call(get_repo_changeset => { repoid => 'random1', revision => 3 })->{error},
        'commit_id must be a string value', 'an integer';
};

subtest 'an empty repository' => sub {
    make('void', RCAPI::Svn->dump);
    my $is = changeset('void', 'tip')->{result};
    is $is->{raw_id}, '0' x 40, 'raw_id';
    is $is->{revision}, -1, 'revision';
    is $t->call(get_repo_changesets => { repoid => 'void', start_rev => '', limit => 1 })->{error},
        'Error occurred during commit fetching', 'no list';
    is_deeply $t->must(get_repo_refs => { repoid => 'void' }),
        { branches => {}, tags => {}, bookmarks => {}, branches_closed => {} }, 'no references';
    is $t->must(get_repo => { repoid => 'void' })->{last_changeset}{raw_id}, '0' x 40, 'last_changeset';
};

subtest "Kallithea's lists" => sub {
    my $is = $t->must(get_changesets => { repoid => 'random1', start => 3, max_revisions => 2, branch_name => 'trunk',
        with_file_list => 1 });
    my @known = map { changeset('random1', $_, details => 'extended')->{result} } $COUNT - 1, $COUNT;
    is_deeply [map { $_->{raw_id} } @$is], [map { $_->{raw_id} } @known], 'the newest two';
    for my $i (0, 1) {
        my @files = map { $_->{filename} } grep { $_->{op} eq 'M' } @{ $known[$i]{diff} };
        is_deeply $is->[$i]{changed}, \@files, 'files';
    }
    is $t->must(get_changeset => { repoid => 'random1', raw_id => 4 })->{id}, 4, 'one';
};

subtest 'nodes' => sub {
    for my $n (1, 7, $COUNT) {
        my $tree = $dump{random1}{trees}[$n];
        for my $kind ('files', 'dirs') {
            my $is = $t->must(get_repo_nodes => { repoid => 'random1', revision => $n, root_path => '/',
                ret_type => $kind, details => 'full' });
            my %have = map { $_->{name} => $_ } @$is;
            my @wanted = grep { defined $tree->{$_}[0] == ($kind eq 'files') } sort keys %$tree;
            is_deeply [sort keys %have], [sort map { text($_) } @wanted], "$kind of r$n";
            next if $kind eq 'dirs';
            for my $path (grep { $tree->{$_}[0] !~ /\0/ } @wanted) {
                my $content = $tree->{$path}[0];
                $content =~ s/\Alink // if $tree->{$path}[1]{'svn:special'};
                is $have{ text($path) }{content}, text($content), "$path of r$n";
            }
        }
    }
    my $below = $t->must(get_repo_nodes => { repoid => 'random1', revision => 'trunk', root_path => 'trunk/src' });
    is_deeply [grep { $_->{name} !~ m{^trunk/src/} } @$below], [], 'names from the root';
    is $t->call(get_repo_nodes => { repoid => 'random1', revision => '1', root_path => 'none' })->{error},
        'failed to get repo: `random1` nodes', 'no such path';
    my ($file) = grep { $_->{type} eq 'file' } @$below;
    is_deeply $t->must(get_repo_file => { repoid => 'random1', commit_id => 'trunk', file_path => "/$file->{name}" }),
        $file, 'one file';
};

subtest 'references' => sub {
    my $tree = $dump{random1}{tree};
    my $refs = sub {
        my (@like) = @_;
        my $is_ref = sub { my ($path) = @_; return !defined $tree->{$path}[0] && grep { $path =~ $_ } @like };
        return { map { text($_) => "$COUNT" } grep { $is_ref->($_) } keys %$tree };
    };
    my $wanted = { branches => $refs->(qr{^trunk\z}, qr{^branches/[^/]+\z}), tags => $refs->(qr{^tags/[^/]+\z}),
        bookmarks => {}, branches_closed => {} };
    is_deeply $t->must(get_repo_refs => { repoid => 'random1' }), $wanted, 'as set at first';
    $t->admin('set', 'svn_branch_patterns', '/trunk/* /tags/v1');
    $t->admin('set', 'svn_tag_patterns', '');
    is_deeply $t->must(get_repo_refs => { repoid => 'random1' }),
        { %$wanted, branches => $refs->(qr{^trunk/[^/]+\z}, qr{^tags/v1\z}), tags => {} }, 'other patterns, at once';
    is changeset('random1', 'trunk/src')->{result}{raw_id}, $COUNT, 'a branch now';
    is changeset('random1', 'branches/one')->{result}{raw_id}, '0' x 40, 'none any more';
    for my $bad ('trunk', '/a*', '/*/b', '/') {
        isnt $t->try_admin('set', 'svn_branch_patterns', $bad)->{exit}, 0, "'$bad' is no pattern";
    }
    $t->admin('set', 'svn_branch_patterns', '/branches/*', 'random1');
    is_deeply $t->must(get_repo_refs => { repoid => 'random1' })->{branches}, $refs->(qr{^branches/[^/]+\z}),
        'patterns of one repository';
    $t->admin('set', 'svn_branch_patterns', 'inherit', 'random1');
    is_deeply $t->must(get_repo_refs => { repoid => 'random1' })->{branches},
        $refs->(qr{^trunk/[^/]+\z}, qr{^tags/v1\z}), 'those of the server again';
    is $t->try_admin('set', 'svn_branch_patterns', '/a*', 'random1')->{exit}, 2, 'no pattern';
    is $t->try_admin('set', 'svn_branch_patterns', 'inherit')->{exit}, 2, 'the server has nothing to inherit';
    is $t->try_admin('set', 'default_repo_type', 'svn', 'random1')->{exit}, 2, 'a setting of the server alone';
    is $t->try_admin('set', 'svn_branch_patterns', '/b', 'none')->{exit}, 1, 'no such repository';
    like $t->admin('set'), qr{^svn_branch_patterns=/trunk/\* /tags/v1\t}m, 'the list shows it';
    $t->admin('set', 'svn_branch_patterns', '/trunk /branches/*');
    $t->admin('set', 'svn_tag_patterns', '/tags/*');
};

subtest 'last_changeset is never older than the repository' => sub {
    my $dump = RCAPI::Svn->dump;
    $dump->revision(log => 'one');
    $dump->dir('trunk');
    make('moves', $dump);
    my $last = sub { $t->must(get_repo => { repoid => 'moves' })->{last_changeset} };
    is $last->()->{raw_id}, 1, 'loaded behind its back';
    my $next = RCAPI::Svn->dump;
    $next->{rev} = 1;
    $next->revision(log => 'two');
    $next->dir('branches');
    $next->load("$t->{dir}/data/repos/moves");
    is $last->()->{raw_id}, 2, 'another revision';
    RCAPI::Svn::program('svnadmin', 'setlog', '--bypass-hooks', '-r2', "$t->{dir}/data/repos/moves", '/dev/null');
    is $last->()->{message}, '', 'another message of the same revision';
    my ($moves) = grep { $_->{repo_name} eq 'moves' } @{ $t->must('get_repos') };
    is $moves->{last_changeset}{raw_id}, 2, 'get_repos shows what is stored';
};

subtest 'messages that change behind an open repository' => sub {
    my $dir = "$t->{dir}/data/repos/moves";
    my $messages = sub {
        my $list = $t->must(get_repo_changesets => { repoid => 'moves', start_rev => '1', limit => -1 });
        return join ' ', map { $_->{message} } @$list;
    };
    my $age = sub { utime 1_000_000_000 + $_[0], 1_000_000_000 + $_[0], "$dir/db/revprops/0" or die $! };
    for my $n (1 .. 3) {
        $age->($n); # long ago: what was read is kept
        is $messages->(), $messages->(), "round $n";
        spew("$t->{dir}/scratch/log", "edited$n");
        RCAPI::Svn::program('svnadmin', 'setlog', '--bypass-hooks', "-r$_", $dir, "$t->{dir}/scratch/log") for 1, 2;
        is $messages->(), "edited$n edited$n", '... an edit is seen at once';
    }
};

$t->done;
done_testing;
