using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>
/// A request's turn at a model instance. Disposed when the answer has ended, so that no client waits for the settlement. A request that is
/// tried in several places takes one turn after the other.
/// </summary>
internal sealed class SlotTurn(Exchange exchange, RequestReport report) : IAsyncDisposable
{
    private readonly ModelTurn _turn = new();

    /// <summary>How the work ended; until it is set, that is unknown.</summary>
    public WorkOutcome Outcome { get; set; }

    /// <summary>The model may be used; it is not made to go before this turn has ended. Null where it never is.</summary>
    public void Enter(SwapPass? pass) => _turn.Enter(pass);

    /// <summary>The lease was granted.</summary>
    public void Begin(ModelInstance instance, Lease lease) => _turn.Begin(instance, lease);

    /// <summary>Decides and prepares where the prompt goes.</summary>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public async ValueTask<Placement> PlaceAsync(PreparedRequest asked, CancellationToken clientGone) =>
        exchange.Progress.Placement = await _turn.PlaceAsync(asked.Canonical, asked.Domain, clientGone).ConfigureAwait(false);

    /// <summary>As <see cref="ModelTurn.IsOutlived"/>.</summary>
    public bool IsOutlived(ServedModel model) => _turn.IsOutlived(model);

    /// <summary>The backend's first byte came.</summary>
    public void Started() => _turn.Started();

    /// <summary>The prompt was answered: later ones are compared with it, here or where the model is scheduled.</summary>
    public void Observe(PreparedRequest asked, CanonicalPrompt prompt, ServedModel model, Placement placement)
    {
        var endpoint = asked.Prompt!.Source.Endpoint;
        if (!placement.IsRemote)
            model.Context.Preambles.Observe(prompt, endpoint, asked.EditedBody);
        else if (placement.NewPreamble > 0)
            Outcome = Outcome with { Preamble = PromptCut.At(prompt, placement.NewPreamble, asked.EditedBody(), endpoint) };
    }

    public ValueTask DisposeAsync() => EndAsync();

    /// <summary>Settles and returns what was begun; another turn may begin after that.</summary>
    public ValueTask EndAsync()
    {
        if (_turn.HasBegun)
            report.Enters(exchange, RequestStep.Settle);
        return _turn.EndAsync(Outcome, e => report.Bug(exchange, e)); // the answer has ended; only the lease must come back
    }
}
