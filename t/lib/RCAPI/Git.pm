# SPDX-License-Identifier: Apache-2.0
package RCAPI::Git;

=head1 NAME

RCAPI::Git - real git repositories for tests, the same bytes every time

=head1 SYNOPSIS

    RCAPI::Git::init($dir);
    RCAPI::Git::history($dir, 200, 7);      # 200 commits, always the same for seed 7
    print RCAPI::Git::git($dir, 'log', '--oneline');
    my $id = RCAPI::Git::write_object($bare, 'blob', "text\n");    # any bytes, right or wrong

=cut

use strict;
use warnings;
use Digest::SHA qw(sha1_hex);
use RCAPI::Run qw(run spew);

my %ENV_GIT = (
    GIT_CONFIG_NOSYSTEM => 1, GIT_CONFIG_GLOBAL => '/dev/null', GIT_TERMINAL_PROMPT => 0,
    GIT_CONFIG_COUNT => 2, # packs are read the same however small they are; maintenance finds nothing to do
    GIT_CONFIG_KEY_0 => 'maintenance.auto', GIT_CONFIG_VALUE_0 => 'false',
    GIT_CONFIG_KEY_1 => 'pack.compression', GIT_CONFIG_VALUE_1 => 1,
    GIT_AUTHOR_NAME => 'Ann Author', GIT_AUTHOR_EMAIL => 'ann@example.org',
    GIT_COMMITTER_NAME => 'Carl Committer', GIT_COMMITTER_EMAIL => 'carl@example.org',
    GIT_DIR => undef, GIT_WORK_TREE => undef, GIT_INDEX_FILE => undef, LC_ALL => 'C.UTF-8', TZ => 'UTC',
);
my $clock = 1_300_000_000; # of commits made by git(); each is a minute later

# Runs git in $dir; what it prints. Dies when it fails. A hash before the arguments: stdin, env.
sub git {
    my ($dir, @args) = @_;
    my %opt = ref $args[0] ? %{ shift @args } : ();
    my $date = ($clock += 60) . ' +0100';
    my %env = (%ENV_GIT, GIT_AUTHOR_DATE => $date, GIT_COMMITTER_DATE => $date, %{ $opt{env} // {} });
    my $r = run({ %opt, env => \%env }, 'git', '-C', $dir, @args);
    die "git @args: $r->{err}" if $r->{exit} || $r->{signal};
    return $r->{out};
}

# Writes a loose object into a bare repository, as git hash-object --literally does, but without a
# process for each; its id.
sub write_object {
    my ($bare, $type, $data) = @_;
    require Compress::Zlib; # large, and most tests need none of it
    my $text = "$type " . length($data) . "\0$data";
    my ($folder, $name) = unpack 'a2 a*', my $id = sha1_hex($text);
    return $id if -e "$bare/objects/$folder/$name";
    mkdir "$bare/objects/$folder";
    spew("$bare/objects/$folder/$name", Compress::Zlib::compress($text, 1));
    chmod 0444, "$bare/objects/$folder/$name";
    return $id;
}

# An empty repository with a work tree.
sub init {
    my ($dir) = @_;
    git('.', qw(init -q -b master), $dir);
}

# Fills the empty bare repository $bare with the objects, branches and tags of the one in $from. A push
# would say the same with eight processes.
sub fill {
    my ($bare, $from) = @_;
    my $dir = -d "$from/.git" ? "$from/.git" : $from;
    my @parts = grep { -e "$dir/$_" } qw(objects refs/heads refs/tags packed-refs);
    my $r = run({ dir => $dir }, 'cp', '-R', '--parents', @parts, $bare);
    die "cp: $r->{err}" if $r->{exit};
}

# The contents of blobs by one process; a hash by id.
sub blobs {
    my ($dir, @ids) = @_;
    my $out = git($dir, { stdin => join '', map { "$_\n" } @ids }, qw(cat-file --batch));
    my %blobs;
    for (my $at = 0; $at < length $out;) {
        my ($head, $id, $size) = substr($out, $at, 80) =~ /^((\w+) blob (\d+)\n)/ or die "no blob\n";
        $blobs{$id} = substr $out, $at + length $head, $size;
        $at += length($head) + $size + 1;
    }
    return \%blobs;
}

# $n bytes from the system.
sub random_bytes {
    my ($n) = @_;
    open my $fh, '<:raw', '/dev/urandom' or die "urandom: $!";
    read $fh, my ($bytes), $n;
    return $bytes;
}

# The same as hex digits.
sub random_hex { my ($n) = @_; return unpack 'H*', random_bytes($n) }

# Fills the repository at $dir with $n random commits on master and side branches, with merges,
# renames, binary files, modes, links, odd names and tags; all by one fast-import.
sub history {
    my ($dir, $n, $seed) = @_;
    my $h = { n => 0, state => $seed, files => { map { $_ => {} } qw(master side) }, out => '', tip => {} };
    for my $i (1 .. $n) {
        my $branch = $i > 4 && _dice($h, 4) == 0 ? 'side' : 'master';
        _commit($h, $branch, $i);
        _tag($h, "v$i", $i % 20) if $i % 10 == 0;
    }
    git($dir, { stdin => $h->{out} . "done\n" }, qw(fast-import --quiet --done));
    git($dir, qw(reset -q --hard master)) if -d "$dir/.git";
}

# A number from 0 to $n - 1.
sub _dice {
    my ($h, $n) = @_;
    $h->{state} = ($h->{state} * 1_103_515_245 + 12_345) % 2**31;
    return int $h->{state} / 65_536 % $n;
}

sub _data { 'data ' . length($_[0]) . "\n$_[0]\n" }

sub _commit {
    my ($h, $branch, $i) = @_;
    my $tip = $h->{tip};
    my $first = !$tip->{$branch};
    my $from = $tip->{$branch} // $tip->{master};
    my $merge = !$first && $branch eq 'master' && $tip->{side} && !_dice($h, 4) ? $tip->{side} : undef;
    my $when = 1_200_000_000 + 3600 * $i;
    my $subject = "Change $i on $branch" . ($i % 7 ? '' : " \x{c3}\x{a4}\x{c3}\x{b6}");
    my $text = $i % 3 ? "$subject\n" : "$subject\n\nWith a body of\ntwo lines.\n";

    $h->{files}{$branch} = { %{ $h->{files}{master} } } if $first;
    $tip->{$branch} = ':' . ++$h->{n};
    $h->{out} .= "commit refs/heads/$branch\nmark $tip->{$branch}\n"
        . "author Ann Author <ann\@example.org> $when +0200\n"
        . "committer Carl Committer <carl\@example.org> " . ($when + 60) . " -0330\n" . _data($text)
        . ($from ? "from $from\n" : '') . ($merge ? "merge $merge\n" : '');
    $h->{changes} = [];
    _change($h, $h->{files}{$branch}, $i) for 0 .. _dice($h, 3);
    $h->{out} .= join('', map { $_->[1] } @{ $h->{changes} }) . "\n";
}

# Notes a change of the present commit, as text for fast-import: [path, text, or the path that it renames].
# It takes the place of what the commit has written at this path before, so that no blob is written that
# nothing leads to.
sub _note {
    my ($h, $path, $text, $renamed) = @_;
    @{ $h->{changes} } = map { $_->[0] ne $path ? $_ : defined $_->[2] ? [$_->[2], "D $_->[2]\n"] : () }
        @{ $h->{changes} };
    push @{ $h->{changes} }, [$path, $text, $renamed];
}

sub _note_rename {
    my ($h, $from, $to) = @_;
    return if $from eq $to;
    my ($written) = grep { $_->[0] eq $from } @{ $h->{changes} };
    my $first = $written ? $written->[2] : $from;
    _note($h, $to, defined $first ? 'R ' . _quoted($first) . ' ' . _quoted($to) . "\n"
        : $written->[1] =~ s/^(M \d+ inline ).*/$1 . _path($to)/er, $first);
    @{ $h->{changes} } = grep { !$written || $_ != $written } @{ $h->{changes} };
    _note($h, $from, "D $from\n") if !defined $first;
}

my @NAMES = ('README', 'src/main.c', 'src/a b.c', 'docs/deep/er/x.txt', "docs/\x{c3}\x{a9}.txt", 'Makefile',
    "tab\there", 'back\\slash', 'bin/tool', 'img.png', 'crlf.txt', 'lib/a.c', 'lib/b.c');

# One change to a file: new, edited, renamed, deleted, executable, link, binary.
sub _change {
    my ($h, $files, $i) = @_;
    my @have = sort keys %$files;
    my $name = !@have || !_dice($h, 3) ? $NAMES[_dice($h, scalar @NAMES)] . ($i > 30 ? $i % 9 : '')
        : $have[_dice($h, scalar @have)];
    my $what = _dice($h, 12);
    if ($what == 0 && $files->{$name}) {
        delete $files->{$name};
        _note($h, $name, "D $name\n");
    } elsif ($what == 1 && $files->{$name}) {
        my $new = "moved/$i/" . $name =~ s{.*/}{}r;
        $files->{$new} = delete $files->{$name};
        _note_rename($h, $name, $new);
    } elsif ($what == 2) {
        delete $files->{$name};
        _note($h, $name, "D $name\n");
        _note($h, "link$i", "M 120000 inline link$i\n" . _data("../$name"));
    } else {
        _edit($h, $files, $name, $what == 3 ? 100755 : 100644);
    }
}

sub _path { $_[0] =~ /[\\"]/ ? _quoted($_[0]) : $_[0] }
sub _quoted { '"' . $_[0] =~ s/([\\"])/\\$1/gr . '"' }

sub _edit {
    my ($h, $files, $name, $mode) = @_;
    my $eol = $name =~ /crlf/ ? "\r\n" : "\n";
    my @lines = @{ $files->{$name} // [map { "line $_ of $name" } 1 .. 5 + _dice($h, 40)] };
    for (0 .. _dice($h, 4)) {
        my $at = _dice($h, @lines + 1);
        my $new = ("\tnew " . _dice($h, 999), '', 'int f(void) { return ' . _dice($h, 9) . '; }',
            '  blank at the end ')[_dice($h, 4)];
        splice @lines, $at, _dice($h, 2) && $at < @lines ? 1 : 0, $new;
    }
    $files->{$name} = \@lines;
    my $text = join $eol, @lines;
    $text .= $eol if _dice($h, 5);
    $text = pack 'C*', map { _dice($h, 256) } 1 .. 60 + _dice($h, 400) if $name =~ /png|bin/;
    _note($h, $name, "M $mode inline " . _path($name) . "\n" . _data($text));
}

sub _tag {
    my ($h, $name, $light) = @_;
    my $at = $h->{tip}{master};
    $h->{out} .= $light ? "reset refs/tags/$name\nfrom $at\n\n"
        : "tag $name\nfrom $at\ntagger Ann Author <ann\@example.org> 1200000000 +0000\n" . _data("Release $name\n");
}

1;
