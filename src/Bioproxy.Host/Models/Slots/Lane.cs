namespace Bioproxy.Host.Models.Slots;

/// <summary>A priority in the slot queue, the highest first.</summary>
internal enum Lane
{
    /// <summary>People waiting for an answer.</summary>
    Interactive,

    /// <summary>Somebody's bulk work: granted only while no interactive request waits; never interrupted.</summary>
    Batch,

    /// <summary>Background work of the proxy: granted only while nobody waits or is served in the other lanes, and asked to stop when
    /// somebody comes.</summary>
    WarmUp,
}
