using System.Buffers;
using Bioproxy.Abstractions;
using Bioproxy.Host.Http;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Transforms;

namespace Bioproxy.Host.Requests;

/// <summary>Keeps what the client is sent, for plugins that look at complete answers. It adds no wait: an answer is read when the client
/// has it and its slot is free. Holds the plugins' generation until disposal.</summary>
internal sealed class AnswerRecording(PluginPin plugins, PromptContext prompt) : IDisposable
{
    /// <summary>A longer answer is not worth its memory.</summary>
    private const int Longest = 4 << 20;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(8 * 1024);
    private int _length;
    private bool _isTooLong;

    public IReadOnlyList<PluginAnswerObserver> Observers => plugins.Plugins.Observers;

    /// <summary>It is a stream of events; null until the answer has begun.</summary>
    public bool? IsStream { get; private set; }

    /// <summary>The client received the whole answer.</summary>
    public bool IsComplete { get; set; }

    /// <summary>The answer begins.</summary>
    /// <returns>The sink that records what goes to <paramref name="to"/>.</returns>
    public IAnswerSink Begin(IAnswerSink to, bool isStream)
    {
        IsStream = isStream;
        return new RecordingSink(to, this);
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        _isTooLong |= _length + bytes.Length > Longest;
        if (_isTooLong)
            return;
        if (_length + bytes.Length > _bytes.Length)
        {
            var longer = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _bytes.Length, _length + bytes.Length));
            _bytes.AsSpan(0, _length).CopyTo(longer);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = longer;
        }

        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <returns>Null where there is nothing to observe.</returns>
    public CompletedAnswer? Read()
    {
        if (!IsComplete || _isTooLong || IsStream is not { } isStream
            || AnswerCollector.Read(_bytes.AsMemory(0, _length), isStream) is not { Count: > 0 } parts)
            return null;
        return new CompletedAnswer(prompt.Domain, prompt.Endpoint, prompt.State, parts);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        plugins.Dispose();
    }
}
