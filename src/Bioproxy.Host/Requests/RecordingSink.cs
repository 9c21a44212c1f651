using Bioproxy.Host.Http;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>Records what passes to a sink.</summary>
internal sealed class RecordingSink(IAnswerSink to, AnswerRecording recording) : IAnswerSink
{
    public bool HasStarted => to.HasStarted;

    public int StatusCode
    {
        get => to.StatusCode;
        set => to.StatusCode = value;
    }

    public IHeaderDictionary Headers => to.Headers;

    public CancellationToken Gone => to.Gone;

    public bool NeedsKeepAlive => to.NeedsKeepAlive;

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        recording.Add(bytes.Span);
        return to.WriteAsync(bytes, cancellationToken);
    }

    public Task FlushAsync(CancellationToken cancellationToken) => to.FlushAsync(cancellationToken);

    public Task CompleteAsync() => to.CompleteAsync();

    public void Abort() => to.Abort();
}
