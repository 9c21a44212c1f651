using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Bioproxy.Benchmarks.Stub;

/// <summary>
/// The slots as llama-server shows them (measured on b11669): task numbers count all tasks, slot lists included; an idle slot keeps the
/// number of its last task and what it holds; a row that was used has all its sampling parameters.
/// </summary>
internal sealed class StubSlots
{
    private const string UsedRow =
        ",\"n_prompt_tokens_processed\":0,\"n_prompt_tokens_cache\":0,\"params\":{\"seed\":4294967295,"
        + "\"temperature\":0.800000011920929,\"dynatemp_range\":0.0,\"dynatemp_exponent\":1.0,\"top_k\":40,\"top_p\":0.949999988079071,"
        + "\"min_p\":0.05000000074505806,\"top_n_sigma\":-1.0,\"xtc_probability\":0.0,\"xtc_threshold\":0.10000000149011612,"
        + "\"typical_p\":1.0,\"repeat_last_n\":64,\"repeat_penalty\":1.0,\"presence_penalty\":0.0,\"frequency_penalty\":0.0,"
        + "\"dry_multiplier\":0.0,\"dry_base\":1.75,\"dry_allowed_length\":2,\"dry_penalty_last_n\":64,\"mirostat\":0,"
        + "\"mirostat_tau\":5.0,\"mirostat_eta\":0.10000000149011612,\"adaptive_target\":-1.0,\"adaptive_decay\":0.8999999761581421,"
        + "\"max_tokens\":3,\"n_predict\":3,\"n_keep\":0,\"n_discard\":0,\"ignore_eos\":false,\"stream\":false,\"n_probs\":0,"
        + "\"min_keep\":0,\"chat_format\":\"peg-native\",\"reasoning_format\":\"deepseek\",\"reasoning_in_content\":false,"
        + "\"generation_prompt\":\"<|im_start|>assistant\\n\",\"samplers\":[\"penalties\",\"dry\",\"top_n_sigma\",\"top_k\",\"typ_p\","
        + "\"top_p\",\"min_p\",\"xtc\",\"temperature\"],\"speculative.types\":\"none\",\"timings_per_token\":false,"
        + "\"post_sampling_probs\":false,\"backend_sampling\":false,\"lora\":[]},\"next_token\":[{\"has_next_token\":false,"
        + "\"has_new_line\":false,\"n_remain\":-1,\"n_decoded\":0}]}";

    private static readonly byte[] UsedRowBytes = Encoding.ASCII.GetBytes(UsedRow);

    private readonly Lock _lock = new();
    private readonly StubSlot[] _slots;
    private readonly SemaphoreSlim _free;
    private readonly HashSet<int> _cached = [];
    private long _task;
    private long _clock;

    public StubSlots(int count)
    {
        _slots = [.. Enumerable.Range(0, count).Select(id => new StubSlot(id))];
        _free = new SemaphoreSlim(count, count);
    }

    public int Count => _slots.Length;

    /// <summary>How often the list was asked for.</summary>
    public long Looks { get; private set; }

    /// <summary>Takes a slot: the requested one, else the one with this conversation, else the least recently used.</summary>
    /// <returns>The slot, and whether the conversation was in it or in the server's RAM cache.</returns>
    public async ValueTask<(StubSlot Slot, bool IsCached)> TakeAsync(int? wanted, int conversation)
    {
        await _free.WaitAsync();
        StubSlot slot;
        lock (_lock)
        {
            slot = wanted is { } id && id >= 0 && id < _slots.Length ? _slots[id] : Choose_NeedsLock(conversation);
            if (slot.Turn.Wait(0))
                return (slot, Begin_NeedsLock(slot, conversation));
        }

        await slot.Turn.WaitAsync();
        lock (_lock)
            return (slot, Begin_NeedsLock(slot, conversation));
    }

    public void Leave(StubSlot slot, int heldTokens)
    {
        lock (_lock)
        {
            slot.IsProcessing = false;
            slot.HeldTokens = heldTokens;
        }

        slot.Turn.Release();
        _free.Release();
    }

    public void Set(int id, int heldTokens)
    {
        lock (_lock)
        {
            _task++;
            _slots[id].HeldTokens = heldTokens;
            _slots[id].IsRestored = heldTokens > 0;
        }
    }

    public int Held(int id)
    {
        lock (_lock)
            return _slots[id].HeldTokens;
    }

    /// <summary>The answer to <c>GET /slots</c>.</summary>
    public void Write(IBufferWriter<byte> to)
    {
        lock (_lock)
        {
            _task++;
            Looks++;
            to.Write("["u8);
            foreach (var slot in _slots)
            {
                if (slot.Id > 0)
                    to.Write(","u8);
                var row = to.GetSpan(256);
                var processing = slot.IsProcessing ? "true" : "false";
                int written;
                if (slot.TaskId is { } task)
                    Utf8.TryWrite(row, CultureInfo.InvariantCulture,
                        $"{{\"id\":{slot.Id},\"n_ctx\":8192,\"speculative\":false,\"is_processing\":{processing},\"id_task\":{task},"
                        + $"\"n_prompt_tokens\":{slot.HeldTokens}", out written);
                else
                    Utf8.TryWrite(row, CultureInfo.InvariantCulture,
                        $"{{\"id\":{slot.Id},\"n_ctx\":8192,\"speculative\":false,\"is_processing\":{processing}}}", out written);
                to.Advance(written);
                if (slot.TaskId is not null)
                    to.Write(UsedRowBytes);
            }

            to.Write("]"u8);
        }
    }

    private bool Begin_NeedsLock(StubSlot slot, int conversation)
    {
        slot.IsProcessing = true;
        slot.TaskId = _task++;
        slot.LastUsed = _clock++;
        slot.Conversation = conversation;
        if (_cached.Count > 10_000)
            _cached.Clear();
        var isRestored = slot.IsRestored;
        slot.IsRestored = false;
        return !_cached.Add(conversation) || isRestored;
    }

    private StubSlot Choose_NeedsLock(int conversation)
    {
        StubSlot? chosen = null;
        foreach (var slot in _slots)
        {
            if (slot.IsProcessing || slot.Turn.CurrentCount == 0)
                continue;
            if (slot.Conversation == conversation && slot.TaskId is not null)
                return slot;
            if (chosen is null || slot.LastUsed < chosen.LastUsed)
                chosen = slot;
        }

        return chosen ?? _slots[0];
    }
}
