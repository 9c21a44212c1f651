using System.Text;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>
/// A server with slots and a proxy that keeps a <see cref="SlotTable"/> about it, as one thread of small steps in random order:
/// everything between them (requests, answers, saves, polls) is under way for any time.
/// </summary>
internal sealed class SlotSimulation
{
    private readonly Random _random;
    private readonly SlotTable _table;
    private readonly ServerSlot[] _server;
    private readonly bool _isUnified;
    private readonly int _maxPolls;
    private readonly List<Work> _works = [];
    private readonly List<Poll> _polls = [];
    private readonly List<Save> _saves = [];
    private readonly Dictionary<ChainHash, string> _texts = [];
    private readonly string[] _prompts;
    private readonly List<string> _log = [];
    private long _nextTask;
    private long _clock;

    public SlotSimulation(int seed, int slots, bool isUnified, int maxPolls)
    {
        _random = new Random(seed);
        _server = [.. Enumerable.Range(0, slots).Select(_ => new ServerSlot())];
        _isUnified = isUnified;
        _maxPolls = maxPolls;
        _table = new SlotTable(slots);
        _table.SetClearsIdleSlots(isUnified);
        _prompts =
        [
            .. from system in new[] { "alpha system. ", "beta system. " }
                from turns in Enumerable.Range(1, 4)
                select system + string.Concat(Enumerable.Range(1, turns).Select(t => $"turn {t}. ")),
        ];
    }

    private enum Stage
    {
        Restoring,
        Sent,
        Accepted,
        Started,
        Done,
    }

    /// <summary>Runs so many steps, and comes to rest now and then to compare beliefs with the truth.</summary>
    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            Step(mayBegin: true);
            if (_random.Next(40) == 0)
                Rest();
        }
    }

    private void Step(bool mayBegin)
    {
        switch (_random.Next(5))
        {
            case 4 when mayBegin && _saves.Count < 2 && _random.Next(2) == 0:
                BeginSave();
                break;
            case 4 when _saves.Count > 0:
                Advance(_saves[_random.Next(_saves.Count)]);
                break;
            case 0 when mayBegin && _works.Sum(w => w.Host.Weight) < _server.Length:
                Begin();
                break;
            case 1 when mayBegin && _polls.Count < _maxPolls:
                Ask();
                break;
            case 2 when _polls.Count > 0:
                Advance(_polls[_random.Next(_polls.Count)]);
                break;
            default:
                if (_works.Count > 0)
                    Advance(_works[_random.Next(_works.Count)]);
                break;
        }
    }

    private void Begin()
    {
        var text = _prompts[_random.Next(_prompts.Length)];
        var prompt = Prompt(text);
        if (_random.Next(8) == 0 && _works.Sum(w => w.Host.Weight) + 2 <= _server.Length)
        {
            if (_table.TryBegin(_table.Plan(null, 0), null, weight: 2) is { } heavy)
                Add(new Work(heavy, text, "") { Stage = Stage.Sent });
            return;
        }

        var snapshot = _random.Next(3) == 0 ? text[..(text.IndexOf('.', StringComparison.Ordinal) + 2)] : "";
        var plan = _table.Plan(prompt, snapshot.Length);
        if (_table.TryBegin(plan, prompt.Chain) is not { } work)
            return;
        var stage = plan.Source == PromptSource.Restored ? Stage.Restoring : Stage.Sent;
        Add(new Work(work, text, snapshot) { Stage = stage });
        _log.Add($"begin {text} {plan}");
    }

    private void Add(Work work)
    {
        Check(!_saves.Exists(s => s.Slot == work.Host.Slot), $"slot {work.Host.Slot} was given to somebody while it was saved");
        foreach (var save in _isUnified ? _saves : [])
            save.IsEmptied = true;
        _works.Add(work);
    }

    private void BeginSave()
    {
        var unsaved = _table.Unsaved();
        if (unsaved.Count == 0)
            return;
        var (slot, content) = unsaved[_random.Next(unsaved.Count)];
        if (_table.TryBeginSave(slot, content) is not { } work)
            return;
        Check(!_works.Exists(w => w.Host.Slot == slot), $"slot {slot} was taken for saving while it was at work");
        Check(!_saves.Exists(s => s.Slot == slot), $"slot {slot} was taken for saving twice");
        _saves.Add(new Save(work, slot, content));
        _log.Add($"save slot {slot} '{_texts[content.Chain.End]}'");
    }

    /// <summary>The server saves at once when the slot is idle, and later otherwise; its answer takes its time.</summary>
    private void Advance(Save save)
    {
        var believed = _texts[save.Content.Chain.End];
        if (save.Written is null)
        {
            if (!_server[save.Slot].IsProcessing)
                save.Written = _server[save.Slot].Text;
            return;
        }

        _saves.Remove(save);
        var isContradicted = save.Written.Length < believed.Length;
        var saved = isContradicted || _random.Next(6) == 0
            ? null
            : new SavedPrefix(believed, believed.Length, save.Content.Chain, IsConversation: true);
        _table.EndSave(save.Work, saved, isContradicted);
        var now = _table.View()[save.Slot].Content;
        _log.Add($"saved slot {save.Slot} {saved is not null} contradicted {isContradicted}");
        Check(save.Work.WhenEnded.IsCompleted, "who waits for a save is not told of its end");
        if (save.IsEmptied || isContradicted)
            Check(now is null || now.Saved is null, $"slot {save.Slot} is believed to hold what was saved, and does not");
        else if (now is not null && now.Chain.End == save.Content.Chain.End)
            Check(!now.IsSaved || saved is not null, $"slot {save.Slot} is believed to be saved, and is not");
        if (now is { Saved: { } beginning })
            Check(
                _texts[now.Chain.End].StartsWith(beginning.File, StringComparison.Ordinal),
                $"slot {save.Slot} is believed to have the wrong file");
    }

    private void Advance(Work work)
    {
        switch (work.Stage)
        {
            case Stage.Restoring:
                var target = _server[work.Host.Slot!.Value];
                Check(!target.IsProcessing, $"a restore came for slot {work.Host.Slot}, which was at work");
                target.Text = work.Snapshot;
                _table.SetContent(work.Host, new SlotContent(Prompt(work.Snapshot).Chain, 1, IsSaved: true));
                work.Stage = Stage.Sent;
                break;
            case Stage.Sent when _random.Next(12) == 0:
                work.IsCancelled = true; // before the server had it
                work.Stage = Stage.Done;
                break;
            case Stage.Sent:
                Accept(work);
                break;
            case Stage.Accepted when _random.Next(3) > 0:
                _table.Started(work.Host);
                work.Stage = Stage.Started;
                break;
            case Stage.Accepted or Stage.Started:
                foreach (var used in work.Server)
                    (used.IsProcessing, used.LastUsed) = (false, ++_clock);
                foreach (var child in work.Server.Skip(1))
                    child.Text = "";
                work.IsCancelled = _random.Next(6) == 0;
                work.Stage = Stage.Done;
                _log.Add($"done {work.Text}");
                break;
            case Stage.Done:
                _works.Remove(work);
                int? told = work.Server.Count == 1 && work.Host.Slot is null && !work.IsCancelled && _random.Next(4) == 0
                    ? Array.IndexOf(_server, work.Server[0])
                    : null;
                _table.End(
                    work.Host,
                    work.IsCancelled || work.Host.Weight > 1 ? null : new SlotContent(Prompt(work.Text).Chain, 1, IsSaved: false),
                    work.IsCancelled || _random.Next(8) == 0 ? null : work.Text.Length,
                    told);
                _log.Add($"end {work.Text} cancelled {work.IsCancelled} told {told}");
                break;
        }
    }

    private void Accept(Work work)
    {
        var idle = _server.Where(s => !s.IsProcessing).ToList();
        ServerSlot? slot;
        if (work.Host.Slot is { } pinned)
        {
            slot = _server[pinned];
            Check(!slot.IsProcessing, $"a request came for slot {pinned}, which was at work");
        }
        else
        {
            slot = idle.OrderByDescending(s => Shared(s.Text, work.Text)).ThenBy(s => s.LastUsed).First();
        }

        foreach (var other in _isUnified ? idle.Where(s => s != slot) : [])
            other.Text = "";
        work.Server = [slot, .. idle.Where(s => s != slot).Take(work.Host.Weight - 1)];
        foreach (var used in work.Server)
        {
            used.Text = used == slot ? work.Text : "";
            used.TaskId = _nextTask++;
            used.IsProcessing = true;
            used.LastUsed = ++_clock;
        }

        work.Stage = Stage.Accepted;
        _log.Add($"accept {work.Text} slot {Array.IndexOf(_server, slot)} task {slot.TaskId}");
    }

    private void Ask() => _polls.Add(new Poll(_table.BeginPoll()));

    private void Advance(Poll poll)
    {
        if (poll.Rows is null)
        {
            _nextTask++;
            poll.Rows =
            [
                .. _server.Select((s, i) => new SlotObservation(i, s.IsProcessing, s.TaskId, s.TaskId is null ? null : s.Text.Length)),
            ];
            return;
        }

        _polls.Remove(poll);
        _log.Add($"learn {string.Join(' ', poll.Rows.Select(r => $"{r.TaskId}:{r.PromptTokens}{(r.IsProcessing ? "*" : "")}"))}");
        Check(
            _table.Learn(poll.Number, poll.Rows, isSameConnection: true) != SlotVerdict.Restarted,
            "the same process was taken for another one");
    }

    /// <summary>Lets everything end, polls once more, and compares.</summary>
    private void Rest()
    {
        while (_works.Count + _polls.Count + _saves.Count > 0)
            Step(mayBegin: false);
        Ask();
        Advance(_polls[0]);
        Advance(_polls[0]);
        Check(!_table.HasUnseenResults, "a result is still unseen");
        foreach (var view in _table.View())
        {
            Check(!view.IsBusy, $"slot {view.Id} is still taken for busy");
            if (view.Content is { } content)
                Check(
                    _server[view.Id].Text.StartsWith(_texts[content.Chain.End], StringComparison.Ordinal),
                    $"slot {view.Id} is believed to hold '{_texts[content.Chain.End]}' and holds '{_server[view.Id].Text}'");
        }
    }

    private void Check(bool holds, string message) => Assert.True(holds, $"{message}\n{string.Join('\n', _log.TakeLast(40))}");

    private CanonicalPrompt Prompt(string text)
    {
        var prompt = CanonicalPrompt.Copy(Encoding.UTF8.GetBytes(text));
        _texts[prompt.Chain.End] = text;
        return prompt;
    }

    private static int Shared(string a, string b) => a.Zip(b).TakeWhile(p => p.First == p.Second).Count();

    private sealed class ServerSlot
    {
        public string Text { get; set; } = "";

        public long? TaskId { get; set; }

        public bool IsProcessing { get; set; }

        public long LastUsed { get; set; }
    }

    private sealed class Work(SlotWork host, string text, string snapshot)
    {
        public SlotWork Host { get; } = host;

        public string Text { get; } = text;

        public string Snapshot { get; } = snapshot;

        public Stage Stage { get; set; }

        public IReadOnlyList<ServerSlot> Server { get; set; } = [];

        public bool IsCancelled { get; set; }
    }

    private sealed class Save(SlotWork work, int slot, SlotContent content)
    {
        public SlotWork Work { get; } = work;

        public int Slot { get; } = slot;

        public SlotContent Content { get; } = content;

        /// <summary>What the server wrote; null while it has not.</summary>
        public string? Written { get; set; }

        /// <summary>The server emptied the slot for another one meanwhile.</summary>
        public bool IsEmptied { get; set; }
    }

    private sealed class Poll(long number)
    {
        public long Number { get; } = number;

        public IReadOnlyList<SlotObservation>? Rows { get; set; }
    }
}
