namespace Bioproxy.Host.Requests;

/// <summary>The steps of the <see cref="RequestPath"/>, of which each is a span. The span <c>restore</c> is made where a restore happens,
/// within <see cref="Place"/>.</summary>
internal enum RequestStep
{
    /// <summary>None yet.</summary>
    None,

    /// <summary>Reads the body, and translates it.</summary>
    Read,

    /// <summary>Plugins edit the prompt; a handler may answer.</summary>
    Transform,

    /// <summary>Chooses a model.</summary>
    Route,

    /// <summary>Waits until the model is loaded or awake; takes no time where it is.</summary>
    Load,

    /// <summary>Waits in the queue for a slot.</summary>
    Queue,

    /// <summary>Decides and prepares where the prompt goes.</summary>
    Place,

    /// <summary>The backend computes the prompt: until the first byte that is passed on.</summary>
    Prefill,

    /// <summary>A request without a slot has been sent on: until the first byte of its answer.</summary>
    Forward,

    /// <summary>Passes the answer on.</summary>
    Stream,

    /// <summary>Learns from the answer, and returns the lease.</summary>
    Settle,
}
