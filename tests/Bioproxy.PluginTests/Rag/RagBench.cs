using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Rag;

namespace Bioproxy.PluginTests.Rag;

/// <summary>A folder of files, and the plugin that searches it.</summary>
internal sealed class RagBench : IAsyncDisposable
{
    private readonly FakeServices _services;
    private readonly RagBench? _before;
    private bool _isStopped;

    private RagBench(string settings, RagBench? before)
    {
        _before = before;
        Folder = before?.Folder ?? Directory.CreateTempSubdirectory("bioproxy-rag-").FullName;
        Data = before?.Data ?? new FakeServices();
        _services = new FakeServices
        {
            PluginName = "Bioproxy.Rag",
            Json = $$"""{"folders":["{{JsonEncodedText.Encode(Notes)}}"]{{settings}}}""",
            TimeProvider = Clock,
            Logger = Log,
        };
    }

    public string Folder { get; }

    public string Notes => Path.Combine(Folder, "notes");

    public FakeTimeProvider Clock { get; } = new();

    public LogCollector Log { get; } = new();

    public RagTransform Rag { get; private set; } = null!;

    public Dictionary<string, long> Counted => _services.Counted;

    /// <summary>Whose data folder it is: that of the first of several runs.</summary>
    private FakeServices Data { get; }

    public string DataFolder => Data.DataFolder;

    /// <summary>A bench with files, started.</summary>
    public static RagBench Start(string settings, params (string Path, string Text)[] files)
    {
        var bench = new RagBench(settings, null);
        Directory.CreateDirectory(bench.Notes);
        foreach (var (path, text) in files)
            bench.Write(path, text);
        bench.Begin();
        return bench;
    }

    public static RagBench Start(params (string Path, string Text)[] files) => Start("", files);

    /// <summary>Stops the plugin, and starts another one with the same data folder and files.</summary>
    public async Task<RagBench> RestartAsync(Action<RagBench>? meanwhile = null)
    {
        await StopAsync();
        var next = new RagBench("", this);
        meanwhile?.Invoke(next);
        next.Begin();
        return next;
    }

    public string Write(string path, string text)
    {
        var file = Path.Combine(Notes, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);

        // At once, so that nobody reads half a file; under a hidden name before.
        var hidden = Path.Combine(Path.GetDirectoryName(file)!, $".{Guid.NewGuid():N}");
        File.WriteAllText(hidden, text);
        File.Move(hidden, file, overwrite: true);
        return file;
    }

    /// <summary>Lets so much time go by that the next question has the files looked at: after the look that may still run.</summary>
    public async Task LookAgainAsync()
    {
        await AskAsync("?");
        Clock.Advance(LiveIndex.LookEvery);
    }

    /// <summary>What a conversation of one question becomes.</summary>
    public async Task<string> AskAsync(string question) => (await AskAsync([User(question)]))[0];

    /// <summary>The texts of a conversation after the plugin.</summary>
    public async Task<string[]> AskAsync(params PromptMessage[] messages)
    {
        await Rag.TransformAsync(Prompt(messages), CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        return [.. messages.Select(message => message.Parts[0].Text!)];
    }

    public static PromptContext Prompt(params PromptMessage[] messages) =>
        new("r", PromptEndpoint.Chat, "m", isWarmUp: false, messages, "{}"u8.ToArray());

    public static PromptMessage User(string text, params string[] commands) =>
        new("user", [new PromptPart("text", text)]) { Commands = commands.Length == 0 ? ["rag"] : commands };

    public static PromptMessage Assistant(string text) => new("assistant", [new PromptPart("text", text)]);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _services.Dispose();
        if (_before is not null)
            return;
        Data.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Stops the plugin, once.</summary>
    public async Task StopAsync()
    {
        if (!_isStopped)
            await Rag.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
        _isStopped = true;
    }

    private void Begin()
    {
        Rag = new RagTransform(new SharedData(_services, DataFolder));
        _ = Rag.StartAsync(CancellationToken.None);
    }
}
