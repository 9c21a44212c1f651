using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Templates;

namespace Bioproxy.UnitTests.Templates;

public sealed class TemplateLibraryTests : IDisposable
{
    private readonly TemplateFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task LoadAll_GoodTemplates_RenderWithoutTheDisk()
    {
        _folder.Write("a.txt", "A");
        _folder.Write("sub/b.txt", "B\n#include part.txt");
        _folder.Write("sub/part.txt", "part");
        var library = _folder.Library(("@a", "a.txt"), ("@bb", "sub/b.txt"));

        Assert.Empty(await LoadAsync(library));
        Directory.Delete(_folder.Folder, recursive: true);

        Assert.Equal("A|hi", Render(library, "@a"));
        Assert.Equal("B\npart|hi", Render(library, "@bb"));
        Assert.Equal(["@bb", "@a"], library.Prefixes);
    }

    [Fact]
    public async Task Include_SamePathInBothFolders_TheConfigurationFolderComesFirst()
    {
        _folder.Write("sub/a.txt", "#include part.txt");
        _folder.Write("sub/part.txt", "near");
        var library = _folder.Library(("@a", "sub/a.txt"));
        await LoadAsync(library);
        Assert.Equal("near|hi", Render(library, "@a"));

        // The file that was looked for in vain appears.
        _folder.Write("part.txt", "first");

        Assert.Equal(["@a"], await RefreshAsync(library));
        Assert.Equal("first|hi", Render(library, "@a"));
    }

    [Fact]
    public async Task LoadAll_BrokenTemplates_AreAllListedWithPlaceAndRemedy()
    {
        _folder.Write("error.txt", "fine\n#error wrong word");
        _folder.Write("bug.txt", "#bug");
        _folder.Write("other.hbs", "x");
        _folder.Write("latin.txt", [(byte)'a', (byte)'\n', 0xE4, (byte)'b']);
        _folder.Write("include.txt", "#include nowhere.txt");
        var library = _folder.Library(
            ("@1", "error.txt"), ("@2", "bug.txt"), ("@3", "other.hbs"), ("@4", "latin.txt"), ("@5", "include.txt"), ("@6", "missing.txt"));

        var problems = await LoadAsync(library);

        var at = _folder.Folder + Path.DirectorySeparatorChar;
        Assert.Equal(
            [
                $"Trigger '@1': {at}error.txt, line 2, column 1: wrong word",
                $"Trigger '@2': {at}bug.txt: the template engine failed: InvalidOperationException: engine bug",
                $"Trigger '@3': {at}other.hbs: no template engine renders '.hbs' files (there are engines for .txt): "
                    + "put a plugin with such an engine into the plugins folder, or rename the template.",
                $"Trigger '@4': {at}latin.txt is not UTF-8 (line 2): save it as UTF-8.",
                $"Trigger '@5': {at}include.txt: the file 'nowhere.txt' does not exist (looked for {at}nowhere.txt).",
                $"Trigger '@6': {at}missing.txt does not exist: create it, or correct its path in the configuration.",
            ],
            problems);
        Assert.Throws<TemplateException>(() => Render(library, "@1"));
        Assert.All(library.Statuses, status => Assert.False(status.Stale));
    }

    [Fact]
    public async Task LoadAll_ByteOrderMark_IsStripped()
    {
        _folder.Write("a.txt", [0xEF, 0xBB, 0xBF, (byte)'A']);
        var library = _folder.Library(("@a", "a.txt"));

        Assert.Empty(await LoadAsync(library));
        Assert.Equal("A|hi", Render(library, "@a"));
    }

    [Fact]
    public async Task LoadAll_FileTooLong_IsAProblem()
    {
        using (var file = File.Create(Path.Combine(_folder.Folder, "a.txt")))
            file.SetLength(TemplateFileReader.MaxFileBytes + 1);
        var library = _folder.Library(("@a", "a.txt"));

        var problem = Assert.Single(await LoadAsync(library));
        Assert.EndsWith("a.txt has 16777217 bytes; the limit for a template file is 16777216.", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../secret.txt")]
    [InlineData("sub/../../secret.txt")]
    [InlineData("link.txt")]
    [InlineData("linked/secret.txt")]
    [InlineData("{outer}/secret.txt")]
    public async Task Include_OutsideTheRoots_IsRefused(string path)
    {
        File.WriteAllText(Path.Combine(_folder.Outer, "secret.txt"), "secret");
        File.CreateSymbolicLink(Path.Combine(_folder.Folder, "link.txt"), "../secret.txt");
        Directory.CreateSymbolicLink(Path.Combine(_folder.Folder, "linked"), _folder.Outer);
        _folder.Write("sub/a.txt", "#include " + path.Replace("{outer}", _folder.Outer, StringComparison.Ordinal));
        var library = _folder.Library(("@a", "sub/a.txt"));

        var problem = Assert.Single(await LoadAsync(library));

        Assert.Contains("lies outside the template roots", problem, StringComparison.Ordinal);
        Assert.Contains("'template_roots'", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Include_LinksWithinTheRoots_AreFollowed()
    {
        // As a mounted configuration looks: the folder given as root is itself a link.
        var real = Directory.CreateDirectory(Path.Combine(_folder.Outer, "real")).FullName;
        File.WriteAllText(Path.Combine(real, "part.txt"), "part");
        var root = Path.Combine(_folder.Outer, "root");
        Directory.CreateSymbolicLink(root, "real");
        _folder.Write("a.txt", $"#include {root}/part.txt");
        var library = _folder.Library([_folder.Folder, root], ("@a", "a.txt"));

        Assert.Empty(await LoadAsync(library));
        Assert.Equal("part|hi", Render(library, "@a"));
    }

    [Fact]
    public async Task LoadAll_LinksInACircle_IsAProblem()
    {
        File.CreateSymbolicLink(Path.Combine(_folder.Folder, "a.txt"), "b.txt");
        File.CreateSymbolicLink(Path.Combine(_folder.Folder, "b.txt"), "a.txt");
        var library = _folder.Library(("@a", "a.txt"));

        Assert.Contains("Too many symbolic links", Assert.Single(await LoadAsync(library)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefreshAll_NothingChanged_ParsesNothing()
    {
        TemplateFolder.Age(_folder.Write("a.txt", "A\n#include part.txt"));
        TemplateFolder.Age(_folder.Write("part.txt", "part"));
        var library = _folder.Library(("@a", "a.txt"));
        await LoadAsync(library);

        Assert.Empty(await RefreshAsync(library));
        Assert.Equal(1, _folder.Engine.Parsed);
    }

    [Fact]
    public async Task RefreshAll_IncludeChanged_RendersTheNewText()
    {
        TemplateFolder.Age(_folder.Write("a.txt", "A\n#include part.txt"));
        TemplateFolder.Age(_folder.Write("part.txt", "old"));
        _folder.Write("b.txt", "B");
        var library = _folder.Library(("@a", "a.txt"), ("@b", "b.txt"));
        await LoadAsync(library);
        var before = library.Statuses;

        _folder.Write("part.txt", "new");

        Assert.Equal(["@a"], await RefreshAsync(library));
        Assert.Equal("A\nnew|hi", Render(library, "@a"));
        Assert.NotEqual(before[0].ContentHash, library.Statuses[0].ContentHash);
        Assert.Equal(before[1], library.Statuses[1]);
    }

    [Fact]
    public async Task RefreshAll_SameLengthAndTimeJustAfterReading_IsNoticedAllTheSame()
    {
        var file = _folder.Write("a.txt", "old");
        var time = File.GetLastWriteTimeUtc(file);
        var library = _folder.Library(("@a", "a.txt"));
        await LoadAsync(library);

        _folder.Write("a.txt", "new");
        File.SetLastWriteTimeUtc(file, time);

        Assert.Equal(["@a"], await RefreshAsync(library));
    }

    [Fact]
    public async Task RefreshAll_OnlyTouched_IsNoChange()
    {
        var file = TemplateFolder.Age(_folder.Write("a.txt", "A"));
        var library = _folder.Library(("@a", "a.txt"));
        await LoadAsync(library);
        var before = library.Statuses;

        File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddMinutes(1));

        Assert.Empty(await RefreshAsync(library));
        Assert.Equal(before, library.Statuses);
    }

    [Fact]
    public async Task RefreshAll_Broken_KeepsTheLastGoodAndWarnsOnce()
    {
        _folder.Write("a.txt", "good");
        var library = _folder.Library(("@a", "a.txt"));
        await LoadAsync(library);
        var hash = library.Statuses[0].ContentHash;

        _folder.Write("a.txt", "#error first");
        Assert.Empty(await RefreshAsync(library));
        Assert.Empty(await RefreshAsync(library));
        File.Delete(Path.Combine(_folder.Folder, "a.txt"));
        Assert.Empty(await RefreshAsync(library));
        Assert.Empty(await RefreshAsync(library));

        Assert.Equal("good|hi", Render(library, "@a"));
        Assert.Equal(2, _folder.Warnings.Count);
        Assert.Contains("line 1, column 1: first", _folder.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("does not exist", _folder.Warnings[1], StringComparison.Ordinal);
        var status = library.Statuses[0];
        Assert.True(status.Stale);
        Assert.Equal(hash, status.ContentHash);
        Assert.Contains("a.txt does not exist: create it", status.Problem, StringComparison.Ordinal);

        // Back as it was: nothing to warm up again.
        _folder.Write("a.txt", "good");
        Assert.Empty(await RefreshAsync(library));
        Assert.False(library.Statuses[0].Stale);
        _folder.Write("a.txt", "better");
        Assert.Equal(["@a"], await RefreshAsync(library));
        Assert.Equal(2, _folder.Warnings.Count);
    }

    [Fact]
    public async Task RefreshAll_OtherEngine_ParsesAgain()
    {
        TemplateFolder.Age(_folder.Write("a.txt", "A"));
        var library = _folder.Library(("@a", "a.txt"));
        await LoadAsync(library);
        var other = new IncludingEngine();

        library.UseEngines(new Dictionary<string, ITemplateEngine> { ["*"] = other });

        Assert.Equal(["@a"], await RefreshAsync(library));
        Assert.Equal(1, other.Parsed);
    }

    [Fact]
    public async Task Render_EngineFails_IsATemplateException()
    {
        _folder.Write("a.txt", "A");
        var library = _folder.Library(("@a", "a.txt"));
        await LoadAsync(library);

        var error = Assert.Throws<TemplateException>(() => library.Render("@a", new TemplateVariables("#bug")));

        Assert.Equal("The template of '@a' could not be rendered: InvalidOperationException: render bug", error.Message);
        Assert.Throws<TemplateException>(() => Render(library, "@unknown"));
    }

    private static Task<IReadOnlyList<string>> LoadAsync(TemplateLibrary library) =>
        library.LoadAllAsync(CancellationToken.None).DefaultTimeout();

    private static Task<IReadOnlyList<string>> RefreshAsync(TemplateLibrary library) =>
        library.RefreshAllAsync(CancellationToken.None).DefaultTimeout();

    private static string Render(TemplateLibrary library, string prefix) => library.Render(prefix, new TemplateVariables("hi"));
}
