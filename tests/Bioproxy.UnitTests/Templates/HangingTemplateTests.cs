using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Templates;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Bioproxy.UnitTests.Templates;

/// <summary>An engine whose call does not return costs its template, and nothing else.</summary>
public sealed class HangingTemplateTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TemplateFolder _folder;
    private readonly HangingEngine _engine = new();
    private readonly TemplateLibrary _library;

    public HangingTemplateTests()
    {
        _folder = new TemplateFolder { Time = _time };
        _folder.Write("a.txt", "A");
        _folder.Write("h.hang", "H");
        _folder.Write("z.txt", "Z");
        _library = _folder.Library(("@aaa", "a.txt"), ("@hh", "h.hang"), ("@z", "z.txt"));
        UseEngines(_engine);
    }

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task LoadAll_EngineHangs_OtherTemplatesAreLoaded()
    {
        var problems = await SpendLimitAsync(_library.LoadAllAsync(CancellationToken.None));

        var file = Path.Combine(_folder.Folder, "h.hang");
        Assert.Equal([$"Trigger '@hh': {file}: the template engine did not return within 10 s."], problems);
        Assert.Equal(("A|hi", "Z|hi"), (Render("@aaa"), Render("@z")));
        Assert.Throws<TemplateException>(() => Render("@hh"));
    }

    [Fact]
    public async Task RefreshAll_EngineHangs_KeepsTheLastGoodAndWarnsOnce()
    {
        await LoadGoodAsync();
        _folder.Write("h.hang", "H, changed");
        _folder.Write("a.txt", "A2");

        var changed = await SpendLimitAsync(RefreshAsync());
        Assert.Empty(await RefreshAsync().DefaultTimeout());

        Assert.Equal(["@aaa"], changed);
        Assert.Equal("H", Render("@hh"));
        Assert.Contains("did not return within 10 s", Assert.Single(_folder.Warnings), StringComparison.Ordinal);
        var status = _library.Statuses.Single(status => status.Trigger == "@hh");
        Assert.True(status.Stale);
        Assert.EndsWith("the template engine did not return within 10 s.", status.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefreshAll_CallStillHangs_IsNotRepeatedAndDelaysNothing()
    {
        await SpendLimitAsync(_library.LoadAllAsync(CancellationToken.None));

        for (var i = 0; i < 5; i++)
            Assert.Empty(await RefreshAsync().DefaultTimeout());

        Assert.Equal(1, _engine.Parsed);
    }

    [Fact]
    public async Task RefreshAll_FileChangedWhileACallHangs_IsTriedAgain()
    {
        await SpendLimitAsync(_library.LoadAllAsync(CancellationToken.None));
        _engine.Hangs = false;

        _folder.Write("h.hang", "H, mended");

        Assert.Equal(["@hh"], await RefreshAsync().DefaultTimeout());
        Assert.Equal("H, mended", Render("@hh"));
        Assert.Equal(2, _engine.Parsed);
    }

    [Fact]
    public async Task RefreshAll_HungCallReturned_IsTriedAgain()
    {
        await SpendLimitAsync(_library.LoadAllAsync(CancellationToken.None));
        _engine.Hangs = false;
        _engine.Release();

        await Eventually.TrueAsync(async () => (await RefreshAsync()).Count > 0, DefaultTimeoutExtensions.Limit, "the template is loaded");

        Assert.Equal("H", Render("@hh"));
    }

    [Fact]
    public async Task UseEngines_WhileACallHangs_TheNewEngineIsUsedAtTheNextRefresh()
    {
        await SpendLimitAsync(_library.LoadAllAsync(CancellationToken.None));

        UseEngines(new IncludingEngine());

        Assert.Equal(["@hh"], await RefreshAsync().DefaultTimeout());
        Assert.Equal("H|hi", Render("@hh"));
    }

    [Fact]
    public async Task RefreshAll_Stopped_EndsAtOnceThoughTheCallHangs()
    {
        using var stop = new CancellationTokenSource();
        var refresh = _library.RefreshAllAsync(stop.Token);
        await _engine.WhenInsideAsync().DefaultTimeout();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => refresh.DefaultTimeout());
        UseEngines(new IncludingEngine());
        Assert.Contains("@hh", await RefreshAsync().DefaultTimeout());
    }

    [Fact]
    public async Task LoadAll_EngineThrowsACancellationOfItsOwn_IsAProblemOfTheTemplate()
    {
        var engine = Substitute.For<ITemplateEngine>();
        engine.Parse(Arg.Any<ITemplateSource>()).Returns(_ => throw new OperationCanceledException("own"));
        UseEngines(engine);

        var problem = Assert.Single(await _library.LoadAllAsync(CancellationToken.None).DefaultTimeout());

        Assert.EndsWith("h.hang: the template engine failed: OperationCanceledException: own", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watcher_Stopped_EndsAtOnceThoughTheCallHangs()
    {
        using var stop = new CancellationTokenSource();
        var watcher = new TemplateWatcher(_library, _ => { }, TimeProvider.System, NullLogger<TemplateWatcher>.Instance);
        var run = watcher.RunAsync(stop.Token);
        await _engine.WhenInsideAsync().DefaultTimeout();

        await stop.CancelAsync();

        await run.DefaultTimeout();
    }

    private async Task LoadGoodAsync()
    {
        _engine.Hangs = false;
        Assert.Empty(await _library.LoadAllAsync(CancellationToken.None).DefaultTimeout());
        _engine.Hangs = true;
    }

    private async Task<IReadOnlyList<string>> SpendLimitAsync(Task<IReadOnlyList<string>> reading)
    {
        await _engine.WhenInsideAsync().DefaultTimeout();
        Assert.False(reading.IsCompleted);
        _time.Advance(TemplateLibrary.ParseLimit);
        return await reading.DefaultTimeout();
    }

    private Task<IReadOnlyList<string>> RefreshAsync() => _library.RefreshAllAsync(CancellationToken.None);

    private string Render(string trigger) => _library.Render(trigger, new TemplateVariables("hi"));

    private void UseEngines(ITemplateEngine hanging) =>
        _library.UseEngines(new Dictionary<string, ITemplateEngine> { [".txt"] = _folder.Engine, [".hang"] = hanging });
}
