#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# get_repo_changeset and get_repo_changesets in extended and full, get_repo_nodes, get_repo_refs
# (contract 02 §1.7, §1.9, §5, §10), held against git's own output on a history that has it all.
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
$t->user('bob');

sub spew {
    my ($path, $text) = @_;
    $path =~ m{(.*)/} and system 'mkdir', '-p', $1;
    open my $f, '>:raw', $path or die "$path: $!";
    print $f $text;
    close $f;
}

my $r = $t->repo('demo', build => sub {
    my ($w) = @_;
    my $git = sub { $t->git($w, @_) };
    my $commit = sub { $git->('add', '-A'); $git->('commit', '-q', '--allow-empty', '-m', @_) };
    spew("$w/README", "read\nme\n");
    spew("$w/src/main.c", join '', map { "line $_\n" } 1 .. 60);
    spew("$w/src/lib/a.c", "int a;\n");
    spew("$w/src.txt", "between\n");
    spew("$w/bin.dat", join '', map { chr } 0 .. 255);
    spew("$w/empty", '');
    spew("$w/no-newline", 'x');
    spew("$w/\xc3\xbc b/t\xc3\xa4st.tar.gz", "not really\n");
    symlink 'src/main.c', "$w/link" or die;
    mkdir "$w/sub" or die;
    $git->(qw(update-index --add --cacheinfo), '160000,' . '1' x 40 . ',sub');
    $commit->('Root');
    spew("$w/src/main.c", join '', map { $_ == 30 ? "changed <&>\n" : "line $_\n" } 1 .. 60);
    spew("$w/new/file.txt", "new\n");
    unlink "$w/empty";
    $commit->("Change & add\n\nwith a body");
    $git->('mv', 'src/main.c', 'src/renamed.c');
    spew("$w/src/renamed.c", join '', map { $_ == 5 ? "edited\n" : $_ == 30 ? "changed <&>\n" : "line $_\n" } 1 .. 60);
    $commit->('Rename with an edit');
    $git->('mv', 'README', 'READ.ME');
    $commit->('Pure rename');
    chmod 0755, "$w/src/lib/a.c";
    $commit->('Mode');
    spew("$w/bin.dat", join '', map { chr(255 - $_) } 0 .. 255);
    spew("$w/no-newline", 'y');
    unlink "$w/link";
    spew("$w/link", "a file now\n");
    $git->(qw(update-index --add --cacheinfo), '160000,' . '2' x 40 . ',sub');
    $commit->('Binary, no newline, type, submodule');
    $git->(qw(checkout -q -b side HEAD~2));
    spew("$w/side.txt", "side\n");
    spew("$w/src/lib/a.c", "int a, side;\n");
    $commit->('On a branch');
    $git->(qw(tag light));
    $git->(qw(tag -a -m note heavy));
    $git->(qw(checkout -q master));
    $git->(qw(merge -q --no-ff -m Merge side));
    spew("$w/src/lib/a.c", "  int a, side;\n");
    $commit->('Blanks only');
});
$t->repo('void', empty => 1);
$t->repo('closed', empty => 1, args => { private => 1 });
my @ids = split /\n/, $t->git($r->{path}, qw(rev-list --reverse --date-order --branches --tags));
my %parents = map {
    my ($id, @p) = split;
    $id => \@p
} split /\n/, $t->git($r->{path}, qw(rev-list --parents --branches --tags));

sub ask {
    my ($method, %args) = @_;
    return $t->call($method => { repoid => 'demo', %args }, as => 'bob');
}

# [op, path] of a commit against one parent, as git tells.
sub status {
    my ($parent, $id) = @_;
    my @words = split /\0/, $t->git($r->{path}, qw(diff-tree -r -z --name-status --no-renames), $parent, $id);
    my @list;
    while (my ($op, $path) = splice @words, 0, 2) {
        utf8::decode($path);
        push @list, [$op =~ /^T/ ? 'M' : $op, $path];
    }
    return @list;
}

my %RANK = (A => 0, M => 1, D => 2);
my $NULL = { added => undef, binary => undef, deleted => undef };

subtest 'extended' => sub {
    for my $id (grep { @{ $parents{$_} } } @ids) {
        my %seen = map { ("$_->[0] $_->[1]" => $_) } map { status($_, $id) } @{ $parents{$id} };
        my @want = map { { filename => $_->[1], op => $_->[0], new_revision => undef, old_revision => undef,
            raw_diff => undef, stats => $NULL } }
            sort { $RANK{ $a->[0] } <=> $RANK{ $b->[0] } || $a->[1] cmp $b->[1] } values %seen;
        my $got = ask(get_repo_changeset => (revision => $id, details => 'extended'))->{result};
        is_deeply $got->{diff}, \@want, 'changes of ' . $got->{message} =~ s/\n.*//sr;
        ok !exists $got->{refs}, 'no refs';
    }
    my ($root) = grep { !@{ $parents{$_} } } @ids;
    is_deeply [map { "$_->{op} $_->{filename}" }
        @{ ask(get_repo_changeset => (revision => $root, details => 'extended'))->{result}{diff} }],
        ['A README', 'A bin.dat', 'A empty', 'A link', 'A no-newline', 'A src.txt', 'A src/main.c', 'A src/lib/a.c',
         "A \x{fc} b/t\x{e4}st.tar.gz"], 'the root commit: every file, in walk order, no submodule';
};

# The chunks of git's diff against the first parent, as the API should tell them.
sub chunks {
    my ($id) = @_;
    my ($parent) = @{ $parents{$id} };
    my @range = $parent ? ($parent, $id) : ('4b825dc642cb6eb9a060e54bf8d69288fbee4904', $id);
    my $diff = $t->git($r->{path}, qw(diff -M --full-index --binary -p -U3), @range);
    my @list;
    for my $chunk (split /^diff --git(?= )/m, $diff) {
        next if $chunk eq '';
        my ($old, $new) = $chunk =~ /^index (\w+)\.\.(\w+)/m;
        my $op = $chunk =~ /^new file mode/m ? 'A' : $chunk =~ /^deleted file mode/m ? 'D' : 'M';
        my ($hunks) = $chunk =~ /^(\@\@ .*)/ms;
        my @lines = split /^/, $hunks // '';
        my ($path) = $chunk =~ /^rename to (.*)$/m;
        $path //= $1 if $chunk =~ /^\+\+\+ "?b\/(.*?)"?\t?$/m;
        $path //= $1 if $chunk =~ /^--- "?a\/(.*?)"?\t?$/m;
        $path //= $2 if $chunk =~ /\A ("?)a\/(.*)\1 \1b\/\2\1$/m;
        $path =~ s/\\(\d{3})/chr oct $1/ge;
        utf8::decode($path);
        my $text = $hunks // $chunk;
        push @list, {
            filename => $path, op => $op, old_revision => $old, new_revision => $new, raw_diff => $text,
            stats => defined $hunks
                ? { added => scalar(grep { /^\+/ } @lines), deleted => scalar(grep { /^-/ } @lines),
                    binary => JSON::PP::false }
                : { added => 0, deleted => 0, binary => JSON::PP::true },
        };
    }
    my $i = 0;
    return map { $_->[1] } sort { $RANK{ $a->[1]{op} } <=> $RANK{ $b->[1]{op} } || $a->[0] <=> $b->[0] }
        map { [$i++, $_] } @list;
}

subtest 'full' => sub {
    for my $id (@ids) {
        my $got = ask(get_repo_changeset => (revision => $id, details => 'full'))->{result};
        my $name = $got->{message} =~ s/\n.*//sr;
        my @want = chunks($id);
        # deflated bytes of a binary patch may differ: compare what is before them
        $_->{raw_diff} =~ s/(?<=GIT binary patch\n).*//s for @want, @{ $got->{diff} };
        is_deeply $got->{diff}, \@want, "diff of $name" or diag explain($got->{diff}), last;
        my @tags = split /\n/, $t->git($r->{path}, 'tag', '--points-at', $id);
        is_deeply $got->{refs}, { branches => [$got->{branch}], bookmarks => [], tags => \@tags }, "refs of $name";
    }
    my $empty = $t->call(get_repo_changeset => { repoid => 'void', revision => 'tip', details => 'full' }, as => 'bob')
        ->{result};
    is_deeply [@$empty{qw(diff refs)}], [[], { branches => [undef], bookmarks => [], tags => [] }], 'the empty commit';
    is_deeply ask(get_repo_changeset => (revision => 'nope', details => 'extended'))->{result}{diff}, [],
        'unknown: no changes';
};

subtest 'get_repo_changesets' => sub {
    my $list = sub { [map { $_->{raw_id} } @{ ask(get_repo_changesets => @_)->{result} }] };
    is_deeply $list->(start_rev => '', limit => -1), \@ids, 'all';
    is_deeply $list->(start_rev => undef, limit => '-1'), \@ids, 'null and text';
    is_deeply $list->(start_rev => '0', limit => 3), [@ids[0 .. 2]], 'the first three';
    is_deeply $list->(start_rev => $ids[2], limit => ' +2 '), [@ids[2, 3]], 'from one on';
    is_deeply $list->(start_rev => 'tip', limit => 10), [$ids[-1]], 'from the tip';
    is_deeply $list->(start_rev => '0', limit => $_), [], "limit $_" for 0, -2, '-7';
    my $error = sub { ask(get_repo_changesets => @_)->{error} };
    is $error->(start_rev => '', limit => $_), 'Internal server error', 'limit ' . (defined $_ ? "'$_'" : 'null')
        for 'x', '', '1.5', 1.5, undef, [1], \1;
    is $error->(start_rev => '', limit => 1, details => 'x'), 'ret_type must be one of basic,extended,full', 'details';
    is $error->(start_rev => '', limit => 'x', details => 'x'), 'ret_type must be one of basic,extended,full',
        'details first';
    is $error->(start_rev => 1, limit => 1), 'commit_id must be a string value', 'a number';
    is $error->(start_rev => 'nope', limit => 1), 'Error occurred during commit fetching', 'unknown';
    is $error->(repoid => 'void', start_rev => '', limit => 1), 'Error occurred during commit fetching',
        'empty repository';
    is $error->(repoid => 'void', start_rev => 1, limit => 1), 'Error occurred during commit fetching',
        'empty before number';
    is $error->(repoid => 'closed', start_rev => '', limit => 1), 'repository `closed` does not exist', 'no right';
    is $t->call(get_repo_changesets => { repoid => 'demo', limit => 1 })->{error},
        'Missing non optional `start_rev` arg in JSON DATA', 'missing';
    my $one = ask(get_repo_changeset => (revision => $ids[3], details => 'full'))->{result};
    is_deeply ask(get_repo_changesets => (start_rev => $ids[3], limit => 1, details => 'full'))->{result}, [$one],
        'each as get_repo_changeset tells it';
};

subtest 'get_repo_nodes' => sub {
    my $nodes = sub { ask(get_repo_nodes => (revision => $ids[0], root_path => '/', @_)) };
    my @dirs = map { { name => $_, type => 'dir', md5 => undef, binary => undef, size => undef, extension => undef } }
        'src', "\x{fc} b", 'src/lib';
    my $file = sub {
        my ($name, $ext, $mime, $lines) = @_;
        utf8::encode(my $path = $name);
        my $text = $t->git($r->{path}, 'cat-file', 'blob', "$ids[0]:$path");
        return { name => $name, type => 'file', md5 => md5_hex($text), binary => $text =~ /\0/ ? JSON::PP::true
            : JSON::PP::false,
            size => length $text, extension => $ext, mimetype => $mime, lines => $lines };
    };
    my @files = ($file->('README', 'README', 'text/plain', 2),
        $file->('bin.dat', 'dat', 'application/octet-stream', 0),
        $file->('empty', 'empty', 'text/plain', 0), $file->('link', 'link', 'text/plain', 1),
        $file->('no-newline', 'no-newline', 'text/plain', 1), $file->('src.txt', 'txt', 'text/plain', 1),
        $file->('src/main.c', 'c', 'text/x-csrc', 60), $file->('src/lib/a.c', 'c', 'text/x-csrc', 1),
        $file->("\x{fc} b/t\x{e4}st.tar.gz", 'gz', 'application/gzip', 1));
    is_deeply $nodes->()->{result}, [@dirs[0, 1, 2], @files], 'all dirs, then all files'
        or diag explain [map { $_->{name} } @{ $nodes->()->{result} }];
    is_deeply $nodes->(ret_type => 'dirs')->{result}, \@dirs, 'dirs';
    is_deeply $nodes->(ret_type => 'files')->{result}, \@files, 'files';
    is_deeply [map { $_->{name} } @{ $nodes->(root_path => $_)->{result} }], ['src/lib', 'src/main.c', 'src/lib/a.c'],
        "below $_" for 'src', '/src', 'src/', '//src//';
    is_deeply [map { $_->{name} } @{ $nodes->(root_path => '')->{result} }], [map { $_->{name} } @dirs, @files],
        'empty: the root';
    is_deeply $nodes->(root_path => 'README')->{result}, [], 'a file has nothing below';
    my %full = map { $_->{name} => $_->{content} } @{ $nodes->(details => 'full')->{result} };
    is $full{README}, "read\nme\n", 'content';
    is $full{link}, 'src/main.c', 'of a link: its target';
    ok exists $full{src} && !defined $full{src}, 'of a directory: null';
    is $full{'bin.dat'}, undef, 'of binary: null';
    my %small = map { $_->{name} => $_->{content} } @{ $nodes->(details => 'full', max_file_bytes => 20)->{result} };
    is $small{README}, "read\nme\n", 'a small file';
    is $small{'src/main.c'}, undef, 'too large to show';
    is_deeply $nodes->(revision => 1)->{result}, $nodes->(revision => '1')->{result}, 'a number is an index';
    my $failed = 'failed to get repo: `demo` nodes';
    is $nodes->(revision => 99999)->{error}, $failed, 'out of range';
    is $nodes->(revision => $_)->{error}, $failed, 'no number at all' for 1.5, [];
    is $nodes->(revision => 'nope')->{error}, $failed, 'unknown revision';
    is $nodes->(root_path => $_)->{error}, $failed, "path $_" for 'nope', 'src/nope', '../x', 'README/x';
    is $nodes->(max_file_bytes => 'x')->{error}, $failed, 'max_file_bytes';
    is $nodes->(ret_type => 'x')->{error}, 'ret_type must be one of all,dirs,files', 'ret_type';
    is $nodes->(ret_type => 'x', revision => 'nope')->{error}, $failed, 'revision before ret_type';
    is $nodes->(details => 'extended')->{error}, 'ret_type must be one of basic,full', 'details';
    is_deeply $nodes->(repoid => 'void', ret_type => 'x')->{result}, [], 'an empty repository';
    is $nodes->(repoid => 'void', details => 'x')->{error}, 'ret_type must be one of basic,full',
        'details before that';
    is $nodes->(repoid => 'closed')->{error}, 'repository `closed` does not exist', 'no right';
    is $t->call(get_repo_nodes => { repoid => 'demo', revision => 'tip' })->{error},
        'Missing non optional `root_path` arg in JSON DATA', 'missing';
};

subtest 'get_repo_nodes of what is not all there' => sub {
    my $lacking = $t->repo('lacking', commits => 1);
    my $path = $lacking->{path};
    my $object = sub { $t->git($path, { stdin => $_[1] }, qw(hash-object -w --literally --stdin -t),
        $_[0]) =~ s/\n//r };
    my $tree = sub { $object->(tree => join '', map { "$$_[0] $$_[1]\0" . pack 'H*', $$_[2] } @_) };
    my $blob = $object->(blob => "x\n");
    my $none = '1' x 40;
    my $top = $tree->([100644, 'a', $blob], [100644, 'b', $none], [100644, 'c', $tree->([100644, 'x', $blob])],
        [40000, 'd', $none],
        [40000, 'e', $blob], [40000, 'f', $tree->([100644, 'g', $blob])], [0, 'mode', $blob],
        [160000, 'null', '0' x 40]);
    my $who = 'A <a@b> 1500000000 +0000';
    my $id = $object->(commit => "tree $top\nauthor $who\ncommitter $who\n\nx\n");
    spew("$path/refs/heads/master", "$id\n");
    my $nodes = sub { ask(get_repo_nodes => (repoid => 'lacking', revision => $id, root_path => '/', @_)) };
    my $marked = sub { [map { ($_->{missing} ? '-' : '+') . $_->{name} } @{ $nodes->(@_)->{result} }] };
    is_deeply $marked->(), [qw(-d -e +f +a -b -c +f/g)], 'all: what is missing is marked';
    is_deeply $marked->(ret_type => 'dirs'), [qw(-d -e +f)], 'dirs';
    is_deeply $marked->(ret_type => 'files'), [qw(+a -b -c -d -e +f/g)], 'files, and a directory that may hold some';
    is_deeply $marked->(root_path => 'f'), ['+f/g'], 'below what is there';
    my ($b) = grep { $_->{name} eq 'b' } @{ $nodes->(details => 'full')->{result} };
    is_deeply $b, { name => 'b', type => 'file', extension => 'b', mimetype => 'application/octet-stream',
        missing => JSON::PP::true,
        map { $_ => undef } qw(md5 binary size lines content) }, 'all that is known of it';
    is $nodes->(root_path => 'd')->{error}, 'failed to get repo: `lacking` nodes', 'a missing directory itself';
    like $t->error_log, qr/a list of \S+lacking\S* lacks $none: /, 'the log says why';
};

# 2,600 names of 100 characters make lists of more than 256 KiB.
subtest 'get_repo_nodes: long lists are kept' => sub {
    my $long = $t->repo('long');
    my $name = sub { sprintf 'd/%06d%s', $_[0], 'n' x 90 };
    my $import = sub {
        my ($time, @files) = @_;
        my $text = join '', "commit refs/heads/master\ncommitter A <a\@b> $time +0000\ndata 1\nx\n",
            map { "M 100644 inline $_\ndata 1\nx\n" } @files;
        $t->git($long->{path}, { stdin => $text }, qw(fast-import --quiet --force));
        return $t->git($long->{path}, qw(rev-parse master)) =~ s/\n//r;
    };
    my $nodes = sub { ask(get_repo_nodes => (repoid => 'long', revision => 'tip', root_path => '/', @_))->{result} };
    my $kept = sub { glob "$t->{dir}/data/repos/.rc_archives/rcapi-*.nodes" };
    my $id = $import->(1_500_000_000, map { $name->($_) } 1 .. 2600);
    is_deeply [$nodes->(root_path => 'd/none'), $kept->()], [undef], 'an error is not kept';
    my $first = $nodes->();
    is @$first, 2601, 'a long list';
    my ($file, @others) = $kept->();
    ok $file && !@others, '... is kept';
    is_deeply $nodes->(), $first, '... and equal when it is asked for again';
    is((stat $file)[2] & 07777, 0600, 'nobody else can read it');
    is_deeply [map { $_->{name} } @{ $nodes->(ret_type => 'dirs') }], ['d'], 'another list of the same commit';
    is @{ [$kept->()] }, 1, '... is too short';
    RCAPI::Run::spew($file, '["from the file"]');
    is_deeply $nodes->(), ['from the file'], 'the file is what is sent';
    is_deeply $nodes->(@$_), ['from the file'], "... for @$_, too"
        for [revision => $id], [root_path => ''], [ret_type => 'all', details => 'basic'];
    my @other = ([root_path => '/d'], [ret_type => 'files'], [details => 'full'], [max_file_bytes => 1]);
    is $nodes->(@$_)->[-1]{type}, 'file', "not for @$_" for @other;
    is @{ [$kept->()] }, 1 + @other, '... each of which has a file of its own';
    $import->(1_500_000_001, map { $name->($_) } 2 .. 2601);
    is $nodes->()->[1]{name}, $name->(2), 'a new commit has a list of its own';
    my $tree = $t->git($long->{path}, { stdin => $t->git($long->{path}, qw(ls-tree master:d)) . '100644 blob '
        . '1' x 40 . "\tnone\n" }, qw(mktree --missing)) =~ s/\n//r;
    my $lacking = $t->git($long->{path}, qw(commit-tree -m x), $tree) =~ s/\n//r;
    $t->git($long->{path}, qw(update-ref refs/heads/lacking), $lacking);
    my $before = @{ [$kept->()] };
    is_deeply [map { $_->{name} } grep { $_->{missing} } @{ $nodes->(revision => 'lacking') }], ['none'],
        'a list of what is not all there';
    is @{ [$kept->()] }, $before, '... is not kept';
    $t->must(update_repo => { repoid => 'long', private => JSON::PP::true });
    is $nodes->(revision => $id), undef, 'nothing is sent to who may not read the repository';
};

# Contents below 64 KiB are read together with their size, larger ones after it.
subtest 'get_repo_nodes: files of any size, loose, in a pack, and as deltas' => sub {
    my $sizes = $t->repo('sizes');
    my $base = join '', map { md5_hex($_) } 1 .. 2200;
    my %text = map { $_ => substr $base, 0, $_ } 0, 1, 55, 56, 63, 64, 120, 65_535, 65_536, 65_537, 70_000;
    my $tree = $t->git($sizes->{path}, { stdin => join '', map { "100644 blob " . $t->git($sizes->{path},
        { stdin => $text{$_} }, qw(hash-object -w --stdin)) =~ s/\n//r . "\t$_\n" } keys %text }, 'mktree') =~ s/\n//r;
    my $id = $t->git($sizes->{path}, qw(commit-tree -m x), $tree) =~ s/\n//r;
    $t->git($sizes->{path}, qw(update-ref refs/heads/master), $id);
    my $most = 1_000_000; # another one each time, so that no list is a kept one
    for my $how (['loose'], ['whole', qw(repack -adq --window=0)], ['deltas', qw(repack -adfq --window=9)]) {
        my ($name, @pack) = @$how;
        $t->git($sizes->{path}, @pack) if @pack;
        my $nodes = ask(get_repo_nodes => (repoid => 'sizes', revision => $id, root_path => '/', details => 'full',
            max_file_bytes => $most++));
        is_deeply { map { $_->{name} => [@$_{qw(size md5 content)}] } @{ $nodes->{result} } },
            { map { $_ => [$_, md5_hex($text{$_}), $text{$_}] } keys %text }, $name;
    }
    like $t->git($sizes->{path}, 'verify-pack', '-v', glob "$sizes->{path}/objects/pack/*.idx"), qr/chain length = /,
        'there were deltas';
};

subtest 'get_repo_refs' => sub {
    my $refs = sub { +{ map { reverse split ' ', $_, 2 } split /\n/,
        $t->git($r->{path}, 'for-each-ref',
            '--format=%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end) %(refname:strip=2)',
            $_[0]) } };
    is_deeply ask('get_repo_refs')->{result},
        { branches => $refs->('refs/heads'), bookmarks => {}, tags => $refs->('refs/tags'),
        branches_closed => {} }, 'as git tells them';
    is_deeply $t->call(get_repo_refs => { repoid => 'void' })->{result}, { branches => {}, bookmarks => {}, tags => {},
        branches_closed => {} }, 'none';
    is $t->call(get_repo_refs => { repoid => 'closed' }, as => 'bob')->{error}, 'repository `closed` does not exist',
        'no right';
    system 'rm', '-rf', "$t->{dir}/data/repos/void";
    is $t->call(get_repo_refs => { repoid => 'void' })->{error}, 'failed to get repo: `void` references',
        'gone from the disk';
    is $t->call(get_repo_nodes => { repoid => 'void', revision => 'tip', root_path => '' })->{error},
        'failed to get repo: `void` nodes', 'files of it';
};

$t->done;
done_testing;
