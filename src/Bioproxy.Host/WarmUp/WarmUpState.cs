namespace Bioproxy.Host.WarmUp;

/// <summary>How far a template's warm-up is.</summary>
internal enum WarmUpState
{
    /// <summary>Not looked at yet.</summary>
    Unknown,

    /// <summary>Its turn has not come: the backend is not ready, or users go first.</summary>
    Waiting,

    /// <summary>Being computed.</summary>
    Running,

    /// <summary>Computed once in this run of the backend, which cannot save it.</summary>
    Computed,

    /// <summary>Saved: it is restored whenever it is needed.</summary>
    Warm,

    /// <summary>Its prompt begins with too little that never changes.</summary>
    NotCacheable,

    /// <summary>It failed; it is tried again at the next check.</summary>
    Failed,
}
