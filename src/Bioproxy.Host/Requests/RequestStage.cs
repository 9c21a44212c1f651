namespace Bioproxy.Host.Requests;

/// <summary>How far a gated request is.</summary>
internal enum RequestStage
{
    /// <summary>Its body is being read, and plugins edit it.</summary>
    Received,

    /// <summary>Its model is being loaded or woken, or has to be waited for.</summary>
    Loading,

    /// <summary>It waits in the queue for a slot.</summary>
    Queued,

    /// <summary>It has a slot, which is being prepared: restored, saved, or only chosen.</summary>
    Placing,

    /// <summary>Its prompt is being computed.</summary>
    Prefill,

    /// <summary>Its answer is being generated.</summary>
    Generating,
}
