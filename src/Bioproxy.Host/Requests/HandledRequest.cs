using Bioproxy.Abstractions;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>A request as a handler sees it. Ended by the host, also while the handler still holds it.</summary>
internal sealed class HandledRequest(string path, EditablePrompt prompt, byte[] body, ReplyWriter reply, Func<BackendQuestion, CancellationToken, Task<BackendAnswer>> ask, CancellationToken stop) : RequestCall
{
    private volatile bool _isOver;

    public override PromptContext Prompt => prompt.Context;

    public override string Path => path;

    public override bool IsStream => prompt.Source.IsStream;

    public override ReadOnlyMemory<byte> Body => body;

    public bool HasWritten { get; private set; }

    public override async Task<BackendAnswer> AskAsync(BackendQuestion question, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        ThrowIfOver();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stop);
        return await ask(question, both.Token).ConfigureAwait(false);
    }

    public override async ValueTask WriteAsync(string text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        ThrowIfOver();
        HasWritten = true;
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stop);
        await reply.WriteAsync(text, both.Token).ConfigureAwait(false);
    }

    /// <summary>The handler has written all.</summary>
    public Task CompleteAsync(CancellationToken cancellationToken) => reply.CompleteAsync(cancellationToken);

    /// <summary>The request is over for the handler.</summary>
    public void End() => _isOver = true;

    /// <summary>The host answers in the handler's stead.</summary>
    /// <returns>False when the handler is just writing: then nothing can be told any more.</returns>
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
