using System.Text.Json.Nodes;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;

namespace Bioproxy.UnitTests.Backends;

/// <summary>
/// The control calls to one model without a wire, so that a test decides the order of everything. Slots are numbers of tokens; an answer
/// can be replaced by a hook.
/// </summary>
internal sealed class FakeSlotApi : ISlotApi
{
    /// <summary>The answer of a server that took the call and says nothing.</summary>
    public const TransportFault Silence = TransportFault.AnswerTimedOut;

    private readonly Lock _lock = new();
    private readonly List<string> _calls = [];
    private readonly Dictionary<string, int> _files = [];
    private readonly SlotRow[] _rows;
    private long _tasks;

    public FakeSlotApi(int slots = 2) => _rows = [.. Enumerable.Range(0, slots).Select(id => new SlotRow(id, false, null, null))];

    /// <summary>Every call in order, as <c>save 0 name</c>.</summary>
    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_lock)
                return [.. _calls];
        }
    }

    public ConnectionUse Connection { get; set; } = new() { Connection = 1, Established = 1 };

    public Func<CancellationToken, Task<BackendAnswer<IReadOnlyList<SlotRow>>?>>? OnSlots { get; set; }

    public Func<int, CancellationToken, Task<BackendAnswer<SlotFileResult>?>>? OnSave { get; set; }

    public Func<int, CancellationToken, Task<BackendAnswer<SlotFileResult>?>>? OnRestore { get; set; }

    public Func<int?, int[], CancellationToken, Task<BackendAnswer<EvaluationResult>?>>? OnEvaluate { get; set; }

    public Func<CancellationToken, Task<BackendAnswer<IReadOnlyDictionary<int, double>>?>>? OnProbe { get; set; }

    public static BackendAnswer<T> Fails<T>(TransportFault fault)
        where T : class => new(null, 0, "test", fault, null);

    public int Count(string call) => Calls.Count(c => c.StartsWith(call, StringComparison.Ordinal));

    /// <summary>What a slot holds, for the slot list.</summary>
    public void Set(int slot, int? tokens, bool isProcessing = false)
    {
        lock (_lock)
            _rows[slot] = _rows[slot] with { PromptTokens = tokens, IsProcessing = isProcessing };
    }

    /// <summary>A request runs in this slot.</summary>
    public void Begin(int slot)
    {
        lock (_lock)
            _rows[slot] = _rows[slot] with { TaskId = _tasks++, IsProcessing = true };
    }

    /// <summary>A request has run in this slot.</summary>
    public void Run(int slot, int tokens)
    {
        lock (_lock)
            _rows[slot] = _rows[slot] with { TaskId = _tasks++, PromptTokens = tokens, IsProcessing = false };
    }

    /// <summary>A file that can be restored.</summary>
    public void AddFile(string file, int tokens)
    {
        lock (_lock)
            _files[file] = tokens;
    }

    public async Task<BackendAnswer<IReadOnlyList<SlotRow>>> GetSlotsAsync(CancellationToken cancellationToken)
    {
        Record("slots");
        if (OnSlots is { } hook && await hook(cancellationToken) is { } other)
            return other;
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
            return Good<IReadOnlyList<SlotRow>>([.. _rows]);
    }

    public async Task<BackendAnswer<SlotFileResult>> SaveAsync(int slot, string fileName, CancellationToken cancellationToken)
    {
        Record($"save {slot}");
        if (OnSave is { } hook && await hook(slot, cancellationToken) is { } other)
            return other;
        lock (_lock)
        {
            _files[fileName] = _rows[slot].PromptTokens ?? 0;
            return Good(new SlotFileResult(_files[fileName], _files[fileName] * 10, TimeSpan.FromMilliseconds(1)));
        }
    }

    public async Task<BackendAnswer<SlotFileResult>> RestoreAsync(int slot, string fileName, CancellationToken cancellationToken)
    {
        Record($"restore {slot}");
        if (OnRestore is { } hook && await hook(slot, cancellationToken) is { } other)
            return other;
        lock (_lock)
        {
            if (!_files.TryGetValue(fileName, out var tokens))
                return new(null, 400, "no such file", null, Connection);
            _rows[slot] = _rows[slot] with { PromptTokens = tokens };
            return Good(new SlotFileResult(tokens, tokens * 10, TimeSpan.FromMilliseconds(1)));
        }
    }

    public Task<bool> EraseAsync(int slot, CancellationToken cancellationToken)
    {
        Record($"erase {slot}");
        Set(slot, 0);
        return Task.FromResult(true);
    }

    /// <summary>The text is the body itself.</summary>
    public Task<BackendAnswer<string>> ApplyTemplateAsync(ReadOnlyMemory<byte> chatBody, CancellationToken cancellationToken)
    {
        Record("apply-template");
        return Task.FromResult(Good(System.Text.Encoding.UTF8.GetString(chatBody.Span)));
    }

    /// <summary>A token for every character.</summary>
    public Task<BackendAnswer<int[]>> TokenizeAsync(string prompt, CancellationToken cancellationToken)
    {
        Record("tokenize");
        return Task.FromResult(Good(prompt.Select(c => (int)c).ToArray()));
    }

    public async Task<BackendAnswer<IReadOnlyDictionary<int, double>>> ProbeAsync(
        string prompt, int count, CancellationToken cancellationToken)
    {
        Record("probe");
        if (OnProbe is { } hook && await hook(cancellationToken) is { } other)
            return other;
        return Good<IReadOnlyDictionary<int, double>>(new Dictionary<int, double> { [1] = -0.5, [2] = -1.5 });
    }

    /// <summary>Computes everything that the slot does not hold by number.</summary>
    public async Task<BackendAnswer<EvaluationResult>> EvaluateAsync(
        int[] tokens, int? slot, bool mayReuse, Action<int, int, int> progress, CancellationToken cancellationToken)
    {
        var where = slot?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "any";
        Record($"evaluate {where} {tokens.Length}{(mayReuse ? "" : " anew")}");
        if (OnEvaluate is { } hook && await hook(slot, tokens, cancellationToken) is { } other)
            return other;
        cancellationToken.ThrowIfCancellationRequested();
        int cached;
        var used = slot ?? 0;
        lock (_lock)
            cached = mayReuse ? Math.Min(_rows[used].PromptTokens ?? 0, tokens.Length - 1) : 0;
        Run(used, tokens.Length);
        progress(cached, tokens.Length, tokens.Length);
        return Good(new EvaluationResult(used, cached, tokens.Length - cached));
    }

    /// <summary>Computes a chat; a slot's tokens are not counted.</summary>
    public Task<BackendAnswer<EvaluationResult>> EvaluateChatAsync(
        JsonObject chat, int? slot, bool mayReuse, CancellationToken cancellationToken)
    {
        Record($"evaluate chat {slot?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "any"}{(mayReuse ? "" : " anew")}");
        return Task.FromResult(Good(new EvaluationResult(slot, 0, 1)));
    }

    private BackendAnswer<T> Good<T>(T value)
        where T : class => new(value, 200, null, null, Connection);

    private void Record(string call)
    {
        lock (_lock)
            _calls.Add(call);
    }
}
