namespace Bioproxy.Host.Backends;

/// <summary>Where a model stands at a <see cref="SwapGate"/>.</summary>
internal enum SwapState
{
    /// <summary>Not loaded.</summary>
    Out,

    /// <summary>It has its room; the next request loads it.</summary>
    Coming,

    /// <summary>Loaded.</summary>
    Here,

    /// <summary>Its slots are being saved before it goes.</summary>
    Leaving,

    /// <summary>Its room was given away; the server may still show it.</summary>
    Gone,
}
