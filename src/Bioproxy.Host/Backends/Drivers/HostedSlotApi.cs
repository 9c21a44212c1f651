using System.Text.Json.Nodes;

namespace Bioproxy.Host.Backends.Drivers;

/// <summary>Control calls to one model of a server with several, made only while it is loaded: a save that came after a swap would load
/// the model again, and overwrite a good file with an empty slot.</summary>
internal sealed class HostedSlotApi(ModelHost host, string model, ISlotApi inner) : ISlotApi
{
    public Task<BackendAnswer<IReadOnlyList<SlotRow>>> GetSlotsAsync(CancellationToken cancellationToken) =>
        CallAsync((_, token) => inner.GetSlotsAsync(token), cancellationToken);

    public Task<BackendAnswer<SlotFileResult>> SaveAsync(int slot, string fileName, CancellationToken cancellationToken) =>
        CallAsync((_, token) => inner.SaveAsync(slot, fileName, token), cancellationToken);

    public Task<BackendAnswer<SlotFileResult>> RestoreAsync(int slot, string fileName, CancellationToken cancellationToken) =>
        CallAsync((_, token) => inner.RestoreAsync(slot, fileName, token), cancellationToken);

    public async Task<bool> EraseAsync(int slot, CancellationToken cancellationToken)
    {
        var answer = await CallAsync(
            async (_, token) => new BackendAnswer<string>(
                await inner.EraseAsync(slot, token).ConfigureAwait(false) ? "erased" : null, 200, null, null, null),
            cancellationToken).ConfigureAwait(false);
        return answer.IsSuccess;
    }

    public Task<BackendAnswer<string>> ApplyTemplateAsync(ReadOnlyMemory<byte> chatBody, CancellationToken cancellationToken) =>
        CallAsync((_, token) => inner.ApplyTemplateAsync(chatBody, token), cancellationToken);

    public Task<BackendAnswer<int[]>> TokenizeAsync(string prompt, CancellationToken cancellationToken) =>
        CallAsync((_, token) => inner.TokenizeAsync(prompt, token), cancellationToken);

    public Task<BackendAnswer<IReadOnlyDictionary<int, double>>> ProbeAsync(
        string prompt, int count, CancellationToken cancellationToken) =>
        CallAsync((_, token) => inner.ProbeAsync(prompt, count, token), cancellationToken);

    public Task<BackendAnswer<EvaluationResult>> EvaluateAsync(
        int[] tokens, int? slot, bool mayReuse, Action<int, int, int> progress, CancellationToken cancellationToken) =>
        EvaluateAsync(token => inner.EvaluateAsync(tokens, slot, mayReuse, progress, token), cancellationToken);

    public Task<BackendAnswer<EvaluationResult>> EvaluateChatAsync(
        JsonObject chat, int? slot, bool mayReuse, CancellationToken cancellationToken) =>
        EvaluateAsync(token => inner.EvaluateChatAsync(chat, slot, mayReuse, token), cancellationToken);

    /// <summary>The only calls that may take long: they are stopped when the model has to leave.</summary>
    private Task<BackendAnswer<EvaluationResult>> EvaluateAsync(
        Func<CancellationToken, Task<BackendAnswer<EvaluationResult>>> evaluate, CancellationToken cancellationToken) =>
        CallAsync(
            async (leaving, token) =>
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(leaving, token);
                try
                {
                    return await evaluate(either.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (!token.IsCancellationRequested)
                {
                    return NotLoaded<EvaluationResult>();
                }
            },
            cancellationToken);

    private async Task<BackendAnswer<T>> CallAsync<T>(
        Func<CancellationToken, CancellationToken, Task<BackendAnswer<T>>> call, CancellationToken cancellationToken)
        where T : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var pass = host.Gate.TryCall(model);
        if (pass is null)
            return NotLoaded<T>();
        if (host.Server.LoadsOnAnyCall)
        {
            var answer = await host.ListAsync(cancellationToken).ConfigureAwait(false);
            if (answer.Value is not { } list)
                return answer.As<T>();
            if (list.Find(model) is not { Status: ListedStatus.Ready })
                return NotLoaded<T>();
        }

        return await call(pass.Leaving, cancellationToken).ConfigureAwait(false);
    }

    private static BackendAnswer<T> NotLoaded<T>()
        where T : class => new(null, 409, "the model is not loaded", null, null);
}
