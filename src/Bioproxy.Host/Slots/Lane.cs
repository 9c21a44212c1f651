namespace Bioproxy.Host.Slots;

/// <summary>A priority in the slot queue.</summary>
internal enum Lane
{
    /// <summary>People waiting for an answer.</summary>
    Interactive,

    /// <summary>Background work: granted only while nobody waits or is served, and asked to stop when somebody comes.</summary>
    WarmUp,
}
