using Bioproxy.Abstractions;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>A request as a handler sees it. The host ends it, even while the handler still holds it.</summary>
internal sealed class HandledRequest(
    string path, EditablePrompt prompt, byte[] body, ReplyWriter reply, Func<BackendQuestion, CancellationToken, Task<BackendAnswer>> ask)
    : RequestCall
{
    private volatile bool _isOver;

    public override PromptContext Prompt => prompt.Context;

    public override string Path => path;

    public override bool IsStream => prompt.Source.IsStream;

    public override ReadOnlyMemory<byte> Body => body;

    public bool HasWritten { get; private set; }

    /// <summary>The handler answered it.</summary>
    public bool IsAnswered { get; private set; }

    /// <summary>Cancelled when the host gives the handler up. Set before the handler sees the request.</summary>
    public CancellationToken Stop { get; set; }

    public override async Task<BackendAnswer> AskAsync(BackendQuestion question, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        ThrowIfOver();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Stop);
        return await ask(question, both.Token).ConfigureAwait(false);
    }

    public override async ValueTask WriteAsync(string text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        ThrowIfOver();
        HasWritten = true;
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Stop);
        await reply.WriteAsync(text, both.Token).ConfigureAwait(false);
    }

    /// <summary>The handler has written its whole answer.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await reply.CompleteAsync(cancellationToken).ConfigureAwait(false);
        IsAnswered = true;
    }

    /// <summary>The request is over for the handler.</summary>
    public void End() => _isOver = true;

    /// <summary>The host takes the answering over.</summary>
    /// <returns>False while the handler is writing: then nothing more can be said to the client.</returns>
    public bool TryTakeBack()
    {
        _isOver = true;
        return reply.TryClose();
    }

    private void ThrowIfOver()
    {
        if (_isOver)
            throw new InvalidOperationException("The request is over.");
    }
}
