#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Damaged repositories: every view and every reading method answers right or says that it cannot, by
# an honest status with the id under which the log tells why; and once the repository is whole again,
# so are the answers, without a restart.
use strict;
use warnings;

use File::Path qw(remove_tree);
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Time::HiRes qw(lstat utime);

use RCAPI::Run qw(rounds slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(children => 1, threads => 4, whitelist => '*', directives => "RcapiArchiveCache None\n");
my $root = "$t->{dir}/data/repos";
my $spare = "$t->{dir}/scratch/spare";
mkdir $spare;

# Two commits and a merge; dir/b.txt changes in the last.
sub build {
    my ($work) = @_;
    my $commit = sub { $t->git($work, 'add', '-A'); $t->git($work, qw(commit -q -m), $_[0]) };
    mkdir "$work/dir";
    spew("$work/a.txt", join '', map { "line $_\n" } 1 .. 50);
    spew("$work/dir/b.txt", "one\n");
    $commit->('Begin');
    spew("$work/a.bin", pack 'C*', map { $_ * 7 % 256 } 0 .. 4000);
    $commit->('Add a binary file');
    spew("$work/dir/b.txt", "one\ntwo\n");
    $commit->('Change b');
    $t->git($work, qw(tag -a v1 -m v1));
}

# --- what is asked

# Names of views => paths below the repository; @ID@ is the last commit, @OLD@ the first.
my %VIEWS = (
    diff => '/changeset-diff/@ID@',
    'diff of tip' => '/changeset-diff/tip',
    'diffs of a range' => '/changeset-diff/@OLD@...@ID@',
    'download of a diff' => '/changeset-download/@ID@',
    patch => '/changeset-patch/@ID@',
    'patches of a range' => '/changeset-patch/@OLD@...@ID@',
    raw => '/raw/@ID@/dir/b.txt',
    rawfile => '/rawfile/tip/a.bin',
    'diff of a file' => '/diff/dir/b.txt?diff1=@OLD@&diff2=@ID@&diff=raw',
    zip => '/archive/@ID@.zip',
    'tar of tip' => '/archive/tip.tar',
    'tar.gz' => '/archive/@ID@.tar.gz',
    rss => '/feed/rss',
    atom => '/feed/atom',
);

my %CALLS = (
    get_repo_changeset => { revision => 'tip', details => 'full' },
    get_repo_changesets => { start_rev => '0', details => 'extended', limit => 10 },
    get_repo_nodes => { revision => 'tip', root_path => '/' },
    get_repo_refs => {},
);

my @ALL = (keys %VIEWS, keys %CALLS);

sub ask {
    my ($repo, $what) = @_;
    if (my $args = $CALLS{$what}) {
        $t->call($what => { repoid => $repo->{name}, %$args });
    } else {
        my $path = $VIEWS{$what} =~ s/\@(\w+)\@/$repo->{$1}/gr;
        $t->get("/$repo->{name}$path", as => 'admin');
    }
    return $t->last;
}

# What is answered of a repository without commits.
sub is_empty {
    my ($text) = @_;
    return $text =~ /"result":\[\]|"revision":-1,|"branches":\{\},"bookmarks":\{\},"tags":\{\}/
        || $text =~ m{</(?:rss|feed)>} && $text !~ /<(?:item|entry)>/;
}

sub log_since {
    my ($before) = @_;
    open my $log, '<:raw', "$t->{dir}/logs/error_log" or die "log: $!";
    seek $log, $before, 0;
    return do { local $/; <$log> // '' };
}

# An answer in short: 'right', 'failed', or what is wrong with it.
sub judge {
    my ($repo, $what) = @_;
    my $before = -s "$t->{dir}/logs/error_log";
    my $a = ask($repo, $what);
    my $id = $a->header('X-Request-Id');
    my $length = $a->header('Content-Length');
    my $json = $CALLS{$what} ? $a->json : undef;

    return 'no answer' if !$a->status;
    return 'wrong length' if defined $length && $length != length $a->body;
    return "id $id is not in the log" if defined $id && log_since($before) !~ /\(request \Q$id\E\)/;
    if ($a->status == 200 && !defined($json && $json->{error})) {
        return 'right' if $a->body eq $repo->{answers}{$what};
        return 'failed' if $a->body =~ / cannot be read\b/; # a feed or a list marks what is damaged
        return 'empty' if is_empty($a->body);
        # in part, and it says so

        return 'failed' if $a->body =~ /"missing":true/ && $t->error_log =~ /lacks [0-9a-f]{40}: /;
        return "other content: " . substr $a->body, 0, 200;
    }
    return $json->{result} ? 'error and result' : 'failed' if $json;
    return 'failed' if $a->status =~ /\A4(?:04|22)\z/ && $a->body =~ /\A[^\n]{5,100}\z/;
    return "status " . $a->status if $a->status != 500;
    return 'failed' if $id && $a->body eq "Internal Server Error (request $id)";
    return 'no request id';
}

# --- damages

sub loose { my ($repo, $rev) = @_; return "$repo->{path}/objects/" . (id($repo, $rev) =~ s{^..\K}{/}r) }
sub id { my ($repo, $rev) = @_; return $repo->{ids}{$rev} //= $t->git($repo->{path}, 'rev-parse', $rev) =~ s/\n//r }
sub gone { unlink $_[0] or die "$_[0]: $!" }
sub pack_file { my ($repo, $kind) = @_; return (glob "$repo->{path}/objects/pack/*.$kind")[0] }

# Another file in its place, so that whoever has the old one open keeps it.
sub replace {
    my ($file, $text) = @_;
    spew("$file.new", $text);
    rename "$file.new", $file or die;
}

# The same file, changed under the feet of whoever has it open.
sub overwrite {
    my ($file, $text) = @_;
    chmod 0644, $file;
    open my $fh, '+<:raw', $file or die "$file: $!";
    print $fh $text;
    truncate $fh, length $text;
    close $fh;
}

sub half { substr $_[0], 0, length($_[0]) / 2 }

# A corrupt stream behind a good start.
sub spoiled { my $text = $_[0]; substr $text, length($text) / 2, 4, "\xff\0\xff\0"; return $text }

# What happens => how, to which repository (loose objects, one pack, either), what it then answers
# at best: 'failed' (the default: at least once, it is right or fails), 'right', 'empty', 'any'.
my @DAMAGES = (
    ['a missing blob', sub { gone(loose($_[0], 'HEAD:dir/b.txt')) }],
    ['a missing tree', sub { gone(loose($_[0], 'HEAD^{tree}')) }],
    ['a missing tree below', sub { gone(loose($_[0], 'HEAD:dir')) }],
    ['a missing commit', sub { gone(loose($_[0], 'HEAD')) }],
    ['a missing parent', sub { gone(loose($_[0], 'HEAD^')) }],
    ['a missing first commit', sub { gone(loose($_[0], 'HEAD^^')) }],
    ['an empty blob file', sub { replace(loose($_[0], 'HEAD:dir/b.txt'), '') }],
    ['an empty tree file', sub { replace(loose($_[0], 'HEAD^{tree}'), '') }],
    ['an empty commit file', sub { replace(loose($_[0], 'HEAD'), '') }],
    ['a cut blob file', sub { my $f = loose($_[0], 'HEAD:a.bin'); overwrite($f, half(slurp($f))) }],
    ['a corrupt blob', sub { my $f = loose($_[0], 'HEAD:a.bin'); overwrite($f, spoiled(slurp($f))) }],
    ['a corrupt tree', sub { my $f = loose($_[0], 'HEAD^{tree}'); overwrite($f, spoiled(slurp($f))) }],
    ['a corrupt commit', sub { my $f = loose($_[0], 'HEAD'); overwrite($f, spoiled(slurp($f))) }],
    ['an object that is no zlib stream', sub { replace(loose($_[0], 'HEAD^{tree}'), 'x' x 500) }],
    ['a folder in place of an object', sub { my $f = loose($_[0], 'HEAD:dir/b.txt'); gone($f); mkdir $f }],
    ['an unreadable object', sub { chmod 0, loose($_[0], 'HEAD:dir/b.txt') }],
    ['an unreadable folder of objects', sub { chmod 0, loose($_[0], 'HEAD') =~ s{/[^/]*$}{}r }],
    ['a pack cut in half', sub { my $f = pack_file($_[0], 'pack'); replace($f, half(slurp($f))) }, 'packed'],
    ['a pack cut in half in its place', sub {
        my $f = pack_file($_[0], 'pack');
        overwrite($f, half(slurp($f)))
    }, 'packed'],
    ['an empty pack', sub { overwrite(pack_file($_[0], 'pack'), '') }, 'packed'],
    ['a corrupt pack', sub { my $f = pack_file($_[0], 'pack'); overwrite($f, spoiled(slurp($f))) }, 'packed'],
    ['zeroes in place of a pack', sub { my $f = pack_file($_[0], 'pack'); overwrite($f, "\0" x -s $f) }, 'packed'],
    ['an index without pack', sub { gone(pack_file($_[0], 'pack')) }, 'packed'],
    ['a pack without index', sub { gone(pack_file($_[0], 'idx')) }, 'packed'],
    ['an index cut in half', sub { my $f = pack_file($_[0], 'idx'); overwrite($f, half(slurp($f))) }, 'packed'],
    ['a corrupt index', sub { my $f = pack_file($_[0], 'idx'); overwrite($f, spoiled(slurp($f))) }, 'packed'],
    ['a corrupt index with its old times', sub {
        my $f = pack_file($_[0], 'idx');
        system('cp', '-pf', $f, "$spare/old");
        overwrite($f, spoiled(slurp($f)));
        system('touch', '-r', "$spare/old", $f)
    }, 'packed'],
    ['an index whose table of counts lies', sub {
        my $f = pack_file($_[0], 'idx');
        my $text = slurp($f);
        substr $text, 8, 255 * 4, "\x7f\xff\xff\xff" x 255;
        overwrite($f, $text)
    }, 'packed'],
    ['garbage in place of an index', sub { my $f = pack_file($_[0], 'idx'); replace($f, 'x' x -s $f) }, 'packed'],
    ['no objects', sub { rename "$_[0]{path}/objects", "$spare/objects" }, 'packed'],
    ['objects behind a link to nowhere', sub {
        rename "$_[0]{path}/objects", "$spare/objects";
        symlink '/nowhere', "$_[0]{path}/objects"
    }, 'packed'],
    ['objects in a loop of links', sub {
        rename "$_[0]{path}/objects", "$spare/objects";
        symlink 'objects', "$_[0]{path}/objects"
    }, 'packed'],
    ['a file in place of objects', sub {
        rename "$_[0]{path}/objects", "$spare/objects";
        spew("$_[0]{path}/objects", 'x')
    }, 'packed'],
    ['a branch that is garbage', sub { replace("$_[0]{path}/refs/heads/master", "garbage\n") }],
    ['a branch that is empty', sub { replace("$_[0]{path}/refs/heads/master", '') }],
    ['a branch that leads nowhere', sub { replace("$_[0]{path}/refs/heads/master", '1' x 40 . "\n") }],
    ['a branch that is a blob', sub { replace("$_[0]{path}/refs/heads/master", id($_[0], 'HEAD:a.txt') . "\n") }],
    ['a branch that is itself', sub { replace("$_[0]{path}/refs/heads/master", "ref: refs/heads/master\n") }],
    ['an unreadable branch', sub { chmod 0, "$_[0]{path}/refs/heads/master" }],
    ['an unreadable folder of branches', sub { chmod 0, "$_[0]{path}/refs/heads" }],
    ['a file in place of branches', sub {
        rename "$_[0]{path}/refs/heads", "$spare/heads";
        spew("$_[0]{path}/refs/heads", 'x')
    }],
    ['empty packed-refs', sub { overwrite("$_[0]{path}/packed-refs", '') }, 'packed', 'empty'],
    ['garbage in packed-refs', sub { overwrite("$_[0]{path}/packed-refs", "\0\xff" x 500) }, 'packed'],
    ['packed-refs cut in a line', sub { my $f = "$_[0]{path}/packed-refs"; overwrite($f, half(slurp($f))) }, 'packed'],
    ['a folder in place of packed-refs', sub {
        gone("$_[0]{path}/packed-refs");
        mkdir "$_[0]{path}/packed-refs"
    }, 'packed'],
    ['an unreadable packed-refs', sub { chmod 0, "$_[0]{path}/packed-refs" }, 'packed'],
    ['a garbage HEAD', sub { replace("$_[0]{path}/HEAD", "garbage\n") }, 'any', 'right'],
    ['an empty HEAD', sub { replace("$_[0]{path}/HEAD", '') }, 'any', 'right'],
    ['no HEAD', sub { gone("$_[0]{path}/HEAD") }, 'any'],
    ['a garbage config', sub { replace("$_[0]{path}/config", "[core\n\0\xff") }, 'any', 'right'],
    ['an unreadable config', sub { chmod 0, "$_[0]{path}/config" }, 'any', 'right'],
    ['another format', sub { replace("$_[0]{path}/config", "[core]\nrepositoryformatversion = 7\n") }, 'any'],
    ['alternates that are nowhere', sub { alternates($_[0], "/nowhere\n../../../../../../../../etc\n") }, 'any',
        'right'],
    ['alternates that are itself', sub { alternates($_[0], "$_[0]{path}/objects\n.\n") }, 'any', 'right'],
    ['alternates that are garbage', sub { alternates($_[0], "\0\xff\n" x 100) }, 'any', 'right'],
    ['a commit that is elsewhere', sub {
        alternates($_[0], "$root/other/objects\n");
        gone(loose($_[0], 'HEAD'))
    }, 'loose', 'right'],
    ['a garbage order', sub {
        mkdir "$_[0]{path}/rcapi";
        spew("$_[0]{path}/rcapi/order", "\0" x 100)
    }, 'any', 'right'],
    ['an order cut in half', sub {
        my $f = "$_[0]{path}/rcapi/order";
        overwrite($f, half(slurp($f))) if -e $f
    }, 'any', 'right'],
    ['a file in place of the repository', sub { rename $_[0]{path}, "$spare/whole"; spew($_[0]{path}, 'x') }],
    ['an empty folder in its place', sub { rename $_[0]{path}, "$spare/whole"; mkdir $_[0]{path} }],
    ['no folder', sub { rename $_[0]{path}, "$spare/whole" }],
    ['a link to nowhere', sub { rename $_[0]{path}, "$spare/whole"; symlink '/nowhere', $_[0]{path} }],
    ['a folder that is closed', sub { chmod 0, $_[0]{path} }],

    # objects of the right form that hold nonsense
    ['a commit that is garbage', sub { new_tip($_[0], object($_[0], commit => "garbage\n")) }, 'loose', 'any'],
    ['a commit of no tree', sub { new_tip($_[0], commit($_[0], id($_[0], 'HEAD:a.txt'))) }, 'loose', 'any'],
    ['a commit whose parent is a blob',
        sub { new_tip($_[0], commit($_[0], id($_[0], 'HEAD^{tree}'), id($_[0], 'HEAD:a.txt'))) }, 'loose', 'any'],
    ['a tree that is garbage', sub { new_tip($_[0], commit($_[0], object($_[0], tree => 'garbage'))) }, 'loose',
        'any'],
    ['a tree cut short', sub { new_tip($_[0], commit($_[0], object($_[0], tree => "100644 a\0short"))) }, 'loose',
        'any'],
    ['a directory that is a blob', sub { new_tip($_[0], commit($_[0], tree_of($_[0], '40000 dir', 'HEAD:a.txt'))) },
        'loose', 'any'],
    ['a file that is a tree', sub { new_tip($_[0], commit($_[0], tree_of($_[0], '100644 a.txt', 'HEAD:dir'))) },
        'loose', 'any'],
    ['a link that is a commit', sub { new_tip($_[0], commit($_[0], tree_of($_[0], '120000 a.txt', 'HEAD'))) }, 'loose',
        'any'],
    ['a file of mode 0', sub { new_tip($_[0], commit($_[0], tree_of($_[0], '0 a.txt', 'HEAD:a.txt'))) }, 'loose',
        'any'],
    ['names with slashes and dots',
        sub { new_tip($_[0], commit($_[0], tree_of($_[0], '100644 ../../a.txt', 'HEAD:a.txt'))) }, 'loose', 'any'],
);

# Any object, whatever it holds; its id.
sub object {
    my ($repo, $type, $content) = @_;
    return $t->git($repo->{path}, { stdin => $content }, qw(hash-object -w --stdin --literally -t), $type) =~ s/\n//r;
}

sub commit {
    my ($repo, $tree, @parents) = @_;
    my $who = 'A <a@example.org> 1300000000 +0000';
    return object($repo, commit => join '', "tree $tree\n", map({ "parent $_\n" } @parents),
        "author $who\ncommitter $who\n\nx\n");
}

sub tree_of { my ($repo, $entry, $rev) = @_; return object($repo, tree => "$entry\0" . pack 'H*', id($repo, $rev)) }
sub new_tip { my ($repo, $id) = @_; replace("$repo->{path}/refs/heads/master", "$id\n") }

sub alternates {
    my ($repo, $text) = @_;
    mkdir "$repo->{path}/objects/info";
    spew("$repo->{path}/objects/info/alternates", $text);
}

# --- the repositories

my $source = $t->repo('other', build => \&build);

sub repository {
    my ($name, $packed) = @_;
    my $repo = $t->repo($name, from => $source->{work}, args => { enable_downloads => JSON::PP::true() });
    if ($packed) {
        $t->git($repo->{path}, qw(repack -adfq));
        $t->git($repo->{path}, qw(pack-refs --all));
    } else {
        $t->git($repo->{path}, { stdin => slurp($_) }, qw(unpack-objects -q)) for unpacked($repo);
    }
    $repo->{$_->[0]} = id($repo, $_->[1]) for ['ID', 'HEAD'], ['OLD', 'HEAD^^'];
    id($repo, $_) for 'HEAD:dir/b.txt', 'HEAD^{tree}', 'HEAD:dir', 'HEAD^', 'HEAD:a.bin', 'HEAD:a.txt';
    system('cp', '-a', $repo->{path}, "$spare/$name") == 0 or die;
    return $repo;
}

# Takes the packs of a repository away; where they are now.
sub unpacked {
    my ($repo) = @_;
    return map {
        my $to = "$spare/" . s{.*/}{}r;
        rename $_, $to;
        /pack$/ ? $to : ()
    } glob "$repo->{path}/objects/pack/pack-*";
}

# Makes a repository whole again: its folder, or what is in it.
sub mend {
    my ($repo, $anew) = @_;
    my $path = $repo->{path};
    chmod 0755, grep { -d } $path, glob "$path/{refs/heads,objects/*}";
    rename $path, "$spare/damaged" if $anew || !-d $path || -l $path;
    remove_tree(glob "$path/*") if -d $path;
    copy("$spare/$repo->{name}", $path);
    remove_tree(map { "$spare/$_" } qw(damaged whole objects heads));
}

# Copies a file, or a folder into one that may exist, with modes and times.
sub copy {
    my ($from, $to) = @_;
    my ($mode, @times) = (lstat $from)[2, 8, 9];
    return symlink(readlink $from, $to) || die "$to: $!" if -l _;
    if (-d _) {
        -d $to || mkdir $to or die "$to: $!";
        opendir my $folder, $from or die "$from: $!";
        copy("$from/$_", "$to/$_") for grep { !/^\.\.?\z/ } readdir $folder;
    } else {
        spew($to, slurp($from));
    }
    chmod $mode & 07777, $to;
    utime @times, $to;
}

my %repos = map { $_ => repository($_, $_ eq 'packed') } qw(loose packed);
for my $repo (values %repos) {
    $repo->{answers} = { map { $_ => ask($repo, $_)->body } @ALL };
    is_deeply [grep { judge($repo, $_) ne 'right' } @ALL], [], "$repo->{name}: all is well";
}
is $repos{loose}{answers}{$_}, $repos{packed}{answers}{$_}, "loose and packed: $_" for grep { /diff|patch|^raw/ } @ALL;

# --- the tests

# All questions, or in make test a third of them, another one each time.
sub some_in_turn {
    my $turn = our $turns++;
    return @ALL if rounds(0, 1);
    return (sort @ALL)[grep { $_ % 3 == $turn % 3 } 0 .. $#ALL];
}

# What a damage leaves: all that is not fine, and that something failed when it must.
sub fine {
    my ($repo, $best, $when) = @_;
    my @asked = $when =~ /mended/ ? some_in_turn() : @ALL;
    my %fine = map { $_ => 1 } 'right', $best eq 'right' ? () : ('failed', $best);
    my %is = map { $_ => judge($repo, $_) } @asked;
    my @bad = map { "$_: $is{$_}" } grep { !$fine{ $is{$_} } && ($best ne 'any' || $is{$_} !~ /^other content/) }
        sort keys %is;
    is_deeply \@bad, [], "$when: answers are right or errors";
    return %is;
}

for my $damage (@DAMAGES) {
    my ($name, $do, $which, $best) = (@$damage, 'loose', 'failed')[0 .. 1, @$damage > 2 ? 2 : -2, @$damage > 3 ? 3
        : -1];
    for my $repo ($which eq 'any' ? @repos{qw(loose packed)} : $repos{$which}) {
        subtest "$name ($repo->{name})" => sub {
            my @children = $t->children;
            ask($repo, $_) for 'diff', 'get_repo_refs';
            $do->($repo);
            fine($repo, $best, 'in use');
            mend($repo);
            fine($repo, 'right', 'mended in its place');
            mend($repo, 1);
            $do->($repo);
            my %is = fine($repo, $best, 'opened so');
            ok scalar(grep { $_ eq 'failed' } values %is), 'and not all of it can be right' if $best eq 'failed';
            mend($repo, 1);
            fine($repo, 'right', 'mended by another');
            is_deeply [$t->children], \@children, 'no child was lost';
        };
    }
}

subtest 'a folder that is closed: the log says so' => sub {
    my $before = length $t->error_log;
    chmod 0, $repos{loose}{path};
    is ask($repos{loose}, 'diff')->status, 500, 'refused';
    like substr($t->error_log, $before),
        qr/\(13\)Permission\ denied:\ .*cannot\ open\ the\ repository\ \Q$repos{loose}{path}\E
            \ \(it\ belongs\ to\ \S+,\ mode\ 0;\ this\ process\ runs\ as\ \S+\)/x, 'and why';
    mend($repos{loose});
};

# One damaged commit does not take the others away: feeds and lists mark it.
subtest 'what is damaged is marked' => sub {
    my $repo = $repos{loose};
    my @ids = split /\n/, $t->git($repo->{path}, qw(rev-list --reverse HEAD));
    my $list = sub { $t->call(get_repo_changesets => { repoid => 'loose', start_rev => '0', limit => 10,
        details => $_[0] })->{result} };
    my ($basic, $full) = map { $list->($_) } qw(basic full);
    my $etag = $t->get('/loose/feed/atom', as => 'admin')->header('ETag');
    my $feed = sub {
        my $a = $t->get("/loose/feed/$_[0]", as => 'admin');
        return $a->status == 200 ? $a : 'status ' . $a->status
    };

    my $retag = sub { spew("$repo->{path}/refs/tags/new", id($repo, 'HEAD') . "\n") }; # else the feed is kept

    gone(loose($repo, 'HEAD^'));
    $retag->();
    my $is = $list->('basic');
    is_deeply [@$is[0, 2]], [@$basic[0, 2]], 'the others are as before';
    is_deeply [@{ $is->[1] }{qw(raw_id revision date error)}],
        [$ids[1], 1, $basic->[1]{date}, 'the commit cannot be read'], 'a missing commit';
    for my $kind (qw(rss atom)) {
        my $a = $feed->($kind);
        is scalar(() = $a->body =~ /<(?:item|entry)>/g), 3, "$kind: all commits";
        is scalar(() = $a->body =~ /<title>This commit cannot be read/g), 1, 'the missing one is marked';
        is $a->header('ETag'), undef, 'nobody keeps it';
    }
    mend($repo, 1);

    gone(loose($repo, 'HEAD:dir'));
    $retag->();
    $is = $list->('full');
    is_deeply [@$is[0, 1]], [@$full[0, 1]], 'the others are as before';
    is $is->[2]{error}, 'what the commit changes cannot be read', 'a missing tree';
    is $is->[2]{message}, $full->[2]{message}, 'and all that is known';
    my $a = $feed->('rss');
    like $a->body, qr/<title>[^<]*Change b.*what it changes cannot be read/s, 'rss';
    mend($repo, 1);
    is $t->get('/loose/feed/atom', as => 'admin')->header('ETag'), $etag, 'mended';
    is_deeply $list->('full'), $full, 'all is back';
};

# Gists are repositories too, and have views of their own.
subtest 'gists' => sub {
    my $id = $t->must(create_gist => { files => { 'a.txt' => { content => "gist\n" } } })->{gist}{access_id};
    my $path = "$root/.rc_gist_store/$id";
    my $raw = sub { $t->get("/_admin/gists/$id/tip/raw", as => 'admin') };
    is $raw->()->body, "gist\n", 'all is well';
    system('cp', '-a', $path, "$spare/gist");
    my $blob = $t->git($path, 'rev-parse', 'HEAD:a.txt') =~ s/\n//r;
    for my $damage (
        ['a missing blob', sub { gone("$path/objects/" . ($blob =~ s{^..\K}{/}r)) }],
        ['no objects', sub { system('rm', '-rf', "$path/objects") }],
        ['garbage in place of branches', sub { replace($_, "garbage\n") for glob "$path/refs/heads/*" }],
        ['a file in its place', sub { system('rm', '-rf', $path); spew($path, 'x') }],
    ) {
        my ($name, $do) = @$damage;
        $do->();
        my $a = $raw->();
        like $a->status . ' ' . $a->body, qr/\A500 Internal Server Error \(request \S+\)\z/, $name;
        is $t->call(get_gist => { gistid => $id })->{broken}, undef, "$name: the API answers";
        system('rm', '-rf', $path);
        system('cp', '-a', "$spare/gist", $path);
        is $raw->()->body, "gist\n", "$name: mended";
    }
};

$t->done;

# The id is httpd's own, so that it is found in its other logs too.
for my $modules ([], ['unique_id']) {
    subtest "the id of a request, modules: @$modules" => sub {
        my $t = RCAPI::Test->new(modules => $modules,
            directives => qq(ErrorLogFormat "[%l] <%L> %M"\nCustomLog logs/ids "<%L>"\n));
        my $repo = $t->repo('broken', build => \&build);
        spew("$repo->{path}/packed-refs", 'x');
        my %seen;
        for my $what ('a view', 'a call') {
            my $a = $what eq 'a view' ? $t->get('/broken/changeset-diff/tip', as => 'admin')
                : $t->call(get_repo_refs => { repoid => 'broken' }) && $t->last;
            my $id = $a->header('X-Request-Id') // 'none';
            ok !$seen{$id}++, "$what has an id of its own";
            is $a->header('X-Request-Id'), $id, 'once';
            like $t->error_log, qr/^\[error\] <\Q$id\E> .*damaged \(request \Q$id\E\)$/m, 'of the error log';
            ok RCAPI::Run::patiently(10, sub { slurp("$t->{dir}/logs/ids") =~ /^<\Q$id\E>$/m }),
                'and of the access log';
        }
        is $t->get('/broken/changeset-diff/tip')->status, 500, 'all is as before';
        is $t->get('/missing/changeset-diff/tip')->header('X-Request-Id'), undef, 'no id where nothing was logged';
        $t->done;
    };
}

done_testing;
