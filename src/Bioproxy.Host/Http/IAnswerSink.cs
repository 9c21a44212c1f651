using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Http;

/// <summary>Where the answer to a request goes: the connection of a client, or a plugin that asked.</summary>
internal interface IAnswerSink
{
    /// <summary>The status and the headers have been sent and can no longer change.</summary>
    bool HasStarted { get; }

    int StatusCode { get; set; }

    IHeaderDictionary Headers { get; }

    /// <summary>Cancelled when the receiver left.</summary>
    CancellationToken Gone { get; }

    /// <summary>A connection that proxies in between may cut when it is silent for long.</summary>
    bool NeedsKeepAlive { get; }

    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Sends the status and the headers, if that has not happened yet.</summary>
    Task FlushAsync(CancellationToken cancellationToken);

    /// <summary>The answer is complete.</summary>
    Task CompleteAsync();

    /// <summary>Breaks the connection off, so that the receiver does not take a part of an answer for the whole.</summary>
    void Abort();
}
