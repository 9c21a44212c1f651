using System.Diagnostics.Metrics;
using System.Globalization;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Transforms;
using Bioproxy.UnitTests.Plugins;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Transforms;

public sealed class ResponseEditsTests : IDisposable
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(2);
    private static readonly ResponseChannel Answer = new(ResponseTextKind.Answer, 0);
    private static readonly ResponseChannel Reasoning = new(ResponseTextKind.Reasoning, 0);

    private readonly FakeTimeProvider _time = new();
    private readonly ProxyMetrics _metrics;
    private readonly List<string> _measured = [];
    private readonly MeterListener _listener;

    public ResponseEditsTests()
    {
        _metrics = new ProxyMetrics(_time);
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == _metrics.Meter && instrument.Name.StartsWith("bioproxy_plugin_", StringComparison.Ordinal))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public void Edit_SeveralTransforms_MeetTheAnswerInReverseOrder()
    {
        using var edits = Edits(Appends("first"), Appends("second"), Appends("third"));

        Assert.Equal("x third second first", edits.Edit(Answer, "x"));
    }

    [Fact]
    public void Finish_HeldBackText_GoesThroughTheTransformsBehind()
    {
        using var edits = Edits(
            Part("outer", _ => new TestEditors.Editor(text => $"<{text}>", () => "|outer")),
            Part("nobody", _ => null),
            Part("inner", _ => new TestEditors.Editor(_ => "", () => "held")));

        Assert.Equal("", edits.Edit(Answer, "x"));
        Assert.Equal("<held>|outer", edits.Finish(Answer));
        Assert.Equal("", edits.Finish(Answer));
    }

    [Fact]
    public void Whole_Text_IsEditedAndFinished()
    {
        using var edits = Edits(Part("outer", TestEditors.Upper), Part("inner", TestEditors.Signs(" end")));

        Assert.Equal("X END", edits.Whole(Answer, "x"));
        Assert.Empty(edits.Open);
    }

    [Fact]
    public void Edit_NobodyEdits_IsTheSameObjectAndNotOpen()
    {
        using var edits = Edits(Part("a", channel => channel.Kind == ResponseTextKind.Answer ? TestEditors.Same(channel) : null));
        var text = new string('x', 3);

        Assert.Same(text, edits.Edit(Answer, text));
        Assert.Same(text, edits.Edit(Reasoning, text));
        Assert.Same(text, edits.Whole(Answer, text));
        Assert.Equal([Answer], edits.Open);
        Assert.True(edits.IsOpen(Answer));
        Assert.False(edits.IsOpen(Reasoning));
    }

    [Fact]
    public void Edit_EveryText_HasAnEditorOfItsOwnUntilItEnds()
    {
        var begun = new List<ResponseChannel>();
        using var edits = Edits(Part("a", channel =>
        {
            begun.Add(channel);
            return TestEditors.Same(channel);
        }));

        edits.Edit(Answer, "1");
        edits.Edit(Reasoning, "2");
        edits.Edit(Answer, "3");
        edits.Finish(Answer);
        edits.Edit(Answer, "4");

        Assert.Equal([Answer, Reasoning, Answer], begun);
    }

    [Fact]
    public void Edit_HalfOfACharacter_IsTheFaultOfWhoReturnedIt()
    {
        using var edits = Edits(Appends("behind"), Part("cutter", _ => new TestEditors.Editor(text => text[..^1], () => "")));

        var thrown = Assert.Throws<PluginFailureException>(() => edits.Edit(Answer, "a😀"));

        Assert.Equal("Response transform 'cutter' of plugin 'plugin-cutter' failed: InvalidOperationException: it returned half a character (a lone surrogate)", thrown.Message);
        Assert.Equal("😀ä behind", edits.Edit(Reasoning, "😀äx"));
    }

    [Theory]
    [InlineData("begin")]
    [InlineData("edit")]
    [InlineData("finish")]
    public void Edit_PluginThrows_NamesPluginAndTransform(string where)
    {
        var bad = Part("bad", _ => where == "begin" ? throw new FormatException("out of luck") : new TestEditors.Editor(
            text => where == "edit" ? throw new FormatException("out of luck") : text,
            () => where == "finish" ? throw new FormatException("out of luck") : ""));
        var good = Appends("good");
        var edits = Edits(good, bad);

        var thrown = Assert.Throws<PluginFailureException>(() =>
        {
            edits.Edit(Answer, "x");
            edits.Finish(Answer);
        });
        edits.Dispose();

        Assert.Equal(new PluginFailure("plugin-bad", "bad", PluginFailureKind.Exception, "Response transform 'bad' of plugin 'plugin-bad' failed: FormatException: out of luck"), thrown.Failure);
        Assert.Equal(thrown.Failure.Message, thrown.Message);
        Assert.Equal((1, 1, new PluginError(_time.GetUtcNow(), "bad", "failed: FormatException: out of luck")), (bad.Calls, bad.Errors, bad.LastError));
        Assert.Equal((1, 0, null), (good.Calls, good.Errors, good.LastError));
        Assert.Contains("errors_total 1 plugin-bad exception", _measured);
        Assert.DoesNotContain(_measured, line => line.StartsWith("errors_total 1 plugin-good", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Edit_NullReturned_IsAFailure(bool fromEdit)
    {
        using var edits = Edits(Part("bad", _ => new TestEditors.Editor(text => fromEdit ? null! : text, () => null!)));

        var thrown = Assert.Throws<PluginFailureException>(() => edits.Whole(Answer, "x"));

        Assert.EndsWith("it returned null instead of a text", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Edit_PluginBlocks_HangsAndEndsWhenItLetsGo()
    {
        using var inside = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        var slow = Part("slow", _ => new TestEditors.Editor(text =>
        {
            inside.Release();
            release.Wait(CancellationToken.None);
            return text;
        }, () => ""));
        var edits = Edits(Appends("never"), slow);
        var work = Task.Run(() => edits.Edit(Answer, "x"));
        await inside.WaitAsync().DefaultTimeout();

        _time.Advance(Budget - TimeSpan.FromTicks(1));
        Assert.False(edits.Hung.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(250));

        Assert.Equal(
            new PluginFailure("plugin-slow", "slow", PluginFailureKind.Timeout, "Response transform 'slow' of plugin 'plugin-slow' did not end within 2000 ms (plugin_time_budget_ms)."),
            await edits.Hung.DefaultTimeout());
        Assert.False(work.IsCompleted);
        edits.Dispose();
        release.Set();
        var abandoned = await Assert.ThrowsAsync<PluginFailureException>(() => work.DefaultTimeout());
        Assert.Equal(await edits.Hung, abandoned.Failure);
        Assert.Equal((1, 1), (slow.Calls, slow.Errors));
        Assert.Contains("errors_total 1 plugin-slow timeout", _measured);
    }

    [Fact]
    public void Edit_ManyQuickCalls_AreNotTakenTogether()
    {
        using var edits = Edits(Part("steady", _ => new TestEditors.Editor(text =>
        {
            _time.Advance(Budget - TimeSpan.FromMilliseconds(1));
            return text;
        }, () => "")));

        for (var i = 0; i < 5; i++)
            edits.Edit(Answer, "x");
        _time.Advance(10 * Budget);

        Assert.False(edits.Hung.IsCompleted);
    }

    [Fact]
    public void Dispose_Response_CountsOneCallOfEachWithItsTime()
    {
        var slow = Part("slow", _ => new TestEditors.Editor(text =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(250));
            return text;
        }, () => ""));
        var edits = Edits(slow, Part("quick", TestEditors.Same));
        edits.Edit(Answer, "x");
        edits.Edit(Answer, "y");
        edits.Finish(Answer);
        Assert.Equal(0, slow.Calls);

        edits.Dispose();

        Assert.Equal((1, 0), (slow.Calls, slow.Errors));
        Assert.Equal(["calls_total 1 plugin-quick", "calls_total 1 plugin-slow", "duration_seconds 0 plugin-quick", "duration_seconds 0.5 plugin-slow"], _measured.Order(StringComparer.Ordinal));
        Assert.Equal(0, _time.ActiveTimers);
    }

    private static PluginResponseTransform Appends(string name) => Part(name, _ => new TestEditors.Editor(text => $"{text} {name}", () => ""));

    private static PluginResponseTransform Part(string name, Func<ResponseChannel, IResponseEditor?> begin) => new("plugin-" + name, name, 0, new TestEditors.Part(begin));

    private ResponseEdits Edits(params PluginResponseTransform[] transforms) => new(
        transforms,
        new ResponseContext(Prompts.User("x"), isStream: true),
        new PluginFence(PluginBudget.OfTransforms(Budget), _metrics, _time, NullLogger<PluginFence>.Instance));

    private void Measured<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags) where T : struct, IFormattable
    {
        var labels = string.Join(' ', tags.ToArray().Select(tag => tag.Value));
        lock (_measured)
            _measured.Add($"{instrument.Name["bioproxy_plugin_".Length..]} {value.ToString(null, CultureInfo.InvariantCulture)} {labels}");
    }
}
