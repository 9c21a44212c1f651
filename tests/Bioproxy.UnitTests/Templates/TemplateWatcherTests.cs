using System.Threading.Channels;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Templates;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Templates;

/// <summary>With the real file system and the real clock: what counts is which events the system raises.</summary>
public sealed class TemplateWatcherTests : IAsyncLifetime
{
    private readonly TemplateFolder _folder = new();
    private readonly Channel<IReadOnlyList<string>> _changes = Channel.CreateUnbounded<IReadOnlyList<string>>();
    private readonly CancellationTokenSource _stop = new();
    private TemplateLibrary _library = null!;
    private Task _running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        _folder.Write("a.txt", "A\n#include parts/part.txt");
        _folder.Write("parts/part.txt", "part");
        _folder.Write("b.txt", "B");
        _library = _folder.Library(("@a", "a.txt"), ("@b", "b.txt"));
        Assert.Empty(await _library.LoadAllAsync(CancellationToken.None).DefaultTimeout());
        var watcher = new TemplateWatcher(
            _library, triggers => _changes.Writer.TryWrite(triggers), TimeProvider.System, NullLogger<TemplateWatcher>.Instance);
        _running = watcher.RunAsync(_stop.Token);
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.DefaultTimeout();
        _stop.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Write_Template_IsNoticed()
    {
        _folder.Write("b.txt", "B2");

        Assert.Equal(["@b"], await NextAsync());
        Assert.Equal("B2|", Render("@b"));
    }

    [Fact]
    public async Task AtomicReplace_Include_IsNoticed()
    {
        _folder.Replace("parts/part.txt", "part 2");

        Assert.Equal(["@a"], await NextAsync());
        Assert.Equal("A\npart 2|", Render("@a"));
    }

    [Fact]
    public async Task NewInclude_InAnotherFolder_IsWatchedToo()
    {
        _folder.Write("more/new.txt", "new");
        _folder.Write("a.txt", "#include more/new.txt");
        Assert.Equal(["@a"], await NextAsync());

        _folder.Replace("more/new.txt", "newer");

        Assert.Equal(["@a"], await NextAsync());
        Assert.Equal("newer|", Render("@a"));
    }

    [Fact]
    public async Task DeletedAndBack_WithOtherText_IsNoticed()
    {
        File.Delete(Path.Combine(_folder.Folder, "b.txt"));
        _folder.Write("b.txt", "B3");

        Assert.Equal(["@b"], await NextAsync());
    }

    [Fact]
    public async Task MovedLink_OfTheTemplatesFolder_IsNoticed()
    {
        // As a mounted configuration changes: the files stay, a link on their way moves.
        _folder.Write("v1/c.txt", "one");
        _folder.Write("v2/c.txt", "two");
        var link = Path.Combine(_folder.Folder, "data");
        Directory.CreateSymbolicLink(link, "v1");
        File.CreateSymbolicLink(Path.Combine(_folder.Folder, "c.txt"), "data/c.txt");
        _folder.Write("b.txt", "#include c.txt");
        Assert.Equal(["@b"], await NextAsync());
        Assert.Equal("one|", Render("@b"));

        Directory.Delete(link);
        Directory.CreateSymbolicLink(link, "v2");

        Assert.Equal(["@b"], await NextAsync());
        Assert.Equal("two|", Render("@b"));
    }

    [Fact]
    public async Task Touch_SameText_IsNotReported()
    {
        _folder.Write("a.txt", "A\n#include parts/part.txt");
        _folder.Write("b.txt", "B4");

        Assert.Equal(["@b"], await NextAsync());
        Assert.False(_changes.Reader.TryRead(out _));
    }

    [Fact]
    public async Task CallbackThrows_TheNextChangeIsReportedAllTheSame()
    {
        using var stop = new CancellationTokenSource();
        var calls = Channel.CreateUnbounded<IReadOnlyList<string>>();
        var library = _folder.Library(("@b", "b.txt"));
        await library.LoadAllAsync(CancellationToken.None).DefaultTimeout();
        var watcher = new TemplateWatcher(library, triggers =>
        {
            calls.Writer.TryWrite(triggers);
            throw new OperationCanceledException("own");
        }, TimeProvider.System, NullLogger<TemplateWatcher>.Instance);
        var running = watcher.RunAsync(stop.Token);

        _folder.Write("b.txt", "B5");
        await calls.Reader.ReadAsync().DefaultTimeout();
        _folder.Write("b.txt", "B6");
        await calls.Reader.ReadAsync().DefaultTimeout();

        await stop.CancelAsync();
        await running.DefaultTimeout();
    }

    private string Render(string trigger) => _library.Render(trigger, new TemplateVariables(""));

    private async Task<IReadOnlyList<string>> NextAsync() => await _changes.Reader.ReadAsync().DefaultTimeout();
}
